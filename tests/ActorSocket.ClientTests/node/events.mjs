import assert from "node:assert/strict";
import { ask, Inbox, next, upgraded, within } from "./harness.mjs";

const kinds = [
  null, true, false, 0, -1, 1.5, 1e21, -1e-7, 9007199254740991, -9007199254740991, "", "text", '"quoted" \\ / \b\f\n\r\t',
  [], [[], [null]], {}, { a: { b: { c: [1, { d: null }] } } }, { "": 1, " ": 2, "ключ": 3 }, [1, "two", { three: [4] }],
  { _placeholder: false, num: 0 },
];

export async function Every_kind_of_JSON_comes_back_unchanged({ connect }) {
  const socket = await connect();
  const inbox = new Inbox(socket);
  for (const kind of kinds) {
    socket.emit("echo", kind);
  }
  socket.emit("echo", ...kinds);
  socket.emit("echo");

  const back = await inbox.take(kinds.length + 2);
  assert.deepEqual(back.slice(0, kinds.length), kinds.map((kind) => ["echo", kind]));
  assert.deepEqual(back.at(-2), ["echo", ...kinds]);
  assert.deepEqual(back.at(-1), ["echo"]);
  for (const kind of kinds) {
    assert.deepEqual(await ask(socket, "ask", kind), kind);
  }
  assert.equal(await ask(socket, "ask"), undefined);
}

export async function Text_of_every_script_comes_back_unchanged({ connect }) {
  const socket = await connect();
  const inbox = new Inbox(socket);
  const texts = [
    "žluťoučký kůň", "日本語", "العربية", "🙂👩‍👩‍👧‍👦", "\u2028\u2029", "\u0000\u0001\u001e\u007f", "a\u001eb", "\ufeff", "𝄞𐍈", "é e\u0301", "5\u001e4\u001e1", "<&>'+%20",
  ];
  for (const text of texts) {
    socket.emit("echo", text, { [text]: [text] });
  }
  assert.deepEqual(await inbox.take(texts.length), texts.map((text) => ["echo", text, { [text]: [text] }]));
}

export async function Any_event_name_is_just_a_name({ connect }) {
  const socket = await connect();
  const inbox = new Inbox(socket);
  const names = ["", " ", "__proto__", "constructor", "toString", "hasOwnProperty", "connection", "error", "ping", "pong", "ключ 🙂", "a,b", "/x,", "1[", '"', "\\", "\n"];
  for (const name of names) {
    socket.emit("name", name, names.indexOf(name)); // the server emits an event of that name
    socket.emit(name, "nobody listens to this"); // and does not mind one that it has no handler for
  }
  const seen = await inbox.take(names.length);
  assert.deepEqual(seen, names.map((name, i) => [name, i]));
  assert.equal((await ask(socket, "whoami")).id, socket.id);
}

export async function Payloads_up_to_the_limit_pass_both_ways({ connect }) {
  const socket = await connect();
  const text = "0123456789abcdef".repeat(60_000); // 960 000 characters; the limit is 1 000 000 bytes with the frame around them
  const wide = "é🙂".repeat(150_000); // 900 000 bytes of UTF-8
  for (const big of [text, wide, { list: Array.from({ length: 40_000 }, (_, i) => `item ${i}`) }]) {
    assert.ok(JSON.stringify(await ask(socket, "ask", big)) === JSON.stringify(big), "a big payload came back changed");
  }
  const came = next(socket, "echo");
  socket.emit("echo", text);
  assert.ok((await came)[0] === text, "a big event came back changed");
}

export async function Two_thousand_events_keep_their_order_both_ways({ connect }) {
  const socket = await connect();
  const inbox = new Inbox(socket);
  const count = 2_000;
  const filler = "x".repeat(100);
  socket.emit("burst", count, filler);
  for (let i = 0; i < count; i++) {
    socket.emit("collect", i, filler);
    if (i % 100 === 0) {
      await new Promise(setImmediate); // several writes, so that both directions interleave
    }
  }
  const mine = await inbox.take(count);
  assert.deepEqual(mine.map((event) => event[1]), [...Array(count).keys()]);
  assert.deepEqual(await ask(socket, "collected"), [...Array(count).keys()]);
}

export async function Send_is_the_event_message_both_ways({ connect }) {
  const socket = await connect();
  const came = next(socket, "message");
  socket.send("hi", { n: 1 });
  assert.deepEqual(await came, ["hi", { n: 1 }]);

  const acknowledged = await new Promise((resolve) => socket.send("again", (...args) => resolve(args)));
  assert.deepEqual(acknowledged, ["got", "again"]);
}

export async function A_catch_all_sees_every_event_before_its_handler({ connect }) {
  const socket = await connect("/watched");
  socket.emit("unheard", 1);
  assert.equal(await ask(socket, "heard", "a", Buffer.from([1, 2])), "handled a");
  assert.equal(await ask(socket, "heard", "b"), "handled b");

  assert.deepEqual(await ask(socket, "seen"), ["any unheard 1", "any heard 2", "handled a", "any heard 1", "handled b", "any seen 0"]);
}

export async function A_middleware_of_the_socket_may_drop_an_event({ connect }) {
  const socket = await connect("/filtered");
  const inbox = new Inbox(socket);
  socket.emit("forbidden", 1);
  socket.emit("allowed", 2);
  socket.emit("forbidden", 3);
  socket.emit("allowed", 4);
  socket.emit("done");

  assert.deepEqual(await inbox.until("done"), [["refused", "no forbidden"], ["allowed", 2], ["refused", "no forbidden"], ["allowed", 4]]);
}

export async function A_middleware_of_the_socket_may_change_the_arguments_and_the_acknowledgement({ connect }) {
  const socket = await connect("/filtered");
  const bytes = Buffer.from([1, 2, 3]);
  assert.deepEqual(await ask(socket, "wrapped", "last", { bytes }), { result: { bytes }, of: "middleware" });
  socket.emit("wrapped", "nobody asks");
  assert.deepEqual(await ask(socket, "wrapped", 1, 2), {
    error: { message: "Argument 2 cannot be read as text.", code: "BAD_ARGUMENT" },
  });
}

export async function A_handler_that_throws_costs_nobody_the_connection({ connect, join }) {
  const socket = await connect();
  const lobby = await join(socket, "/lobby");
  const inbox = new Inbox(socket);
  socket.emit("boom");
  socket.emit("boom later");
  socket.emit("typed", { not: "a number" });
  socket.emit("echo", "still here");

  assert.deepEqual(await inbox.take(1), [["echo", "still here"]]);
  assert.equal((await ask(lobby, "whoami")).connections, 1);
}

export async function Typed_parameters_are_read_from_the_arguments({ connect }) {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "add", 2, 40), 42);
  assert.deepEqual(await ask(socket, "line", { author: "Ada", text: "hello", tags: ["x", "y"] }), { author: "Ada", text: "HELLO", tags: ["x", "y", "2"] });
  assert.equal(await ask(socket, "no answer value"), undefined);
}

export async function Volatile_events_may_be_lost_but_never_the_others({ connect }) {
  const socket = await connect();
  const inbox = new Inbox(socket);
  const count = 500;
  socket.emit("volatile burst", count);
  await inbox.until("burst begins");
  const ticks = await inbox.until("burst ends");
  const numbers = ticks.map(([name, n]) => (assert.equal(name, "tick"), n));

  assert.ok(numbers.length < count, `all ${count} volatile events of one turn arrived: none was dropped`);
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b), "volatile events changed their order");
  assert.equal(new Set(numbers).size, numbers.length, "a volatile event came twice");
}

export async function A_volatile_event_arrives_when_the_client_is_ready({ connect, mode }) {
  const socket = await connect();
  const came = next(socket, "tick", "a volatile event to an idle client");
  let arrived = false;
  came.then(() => (arrived = true), () => {});
  // A polling client has a request parked most of the time, not always: ask until one gets through.
  for (let i = 0; i < (mode === "websocket" ? 1 : 50) && !arrived; i++) {
    socket.emit("volatile tick", i);
    await Promise.race([came, ask(socket, "whoami")]);
  }
  assert.equal(typeof (await came)[0], "number");
}

export async function The_clients_own_catch_alls_see_what_passes({ connect }) {
  const socket = await connect();
  const seen = [];
  const note = (what) => (...event) => seen.push([what, ...event]);
  socket.onAny(note("in"));
  socket.prependAny(note("first in"));
  socket.onAnyOutgoing(note("out"));
  socket.prependAnyOutgoing(note("first out"));
  const echo = async (...args) => {
    const came = next(socket, "echo");
    socket.emit("echo", ...args);
    await came;
  };
  await echo(1, Buffer.from([2]));
  const args = ["echo", 1, Buffer.from([2])];
  assert.deepEqual(seen, [["first out", ...args], ["out", ...args], ["first in", ...args], ["in", ...args]]);
  assert.deepEqual([socket.listenersAny().length, socket.listenersAnyOutgoing().length], [2, 2]);

  socket.offAny().offAnyOutgoing();
  await echo(3);
  assert.equal(seen.length, 4);
}

export async function The_servers_outgoing_catch_all_sees_emits_and_broadcasts_but_no_acknowledgement({ connect }) {
  const socket = await connect("/watched");
  const came = Promise.all([next(socket, "echo"), next(socket, "news")]);
  socket.emit("echo", "a", Buffer.from([1]));
  assert.equal(await ask(socket, "publish", { via: "server" }, "news", 5), true);
  await came;
  assert.deepEqual(await ask(socket, "sent"), ["echo 2", "news 1"]);
}

export async function Payloads_of_a_megabyte_and_more_pass_both_ways_when_the_limit_is_raised({ connect }) {
  const socket = await connect();
  const text = "é".repeat(1_048_576); // 2 MiB of UTF-8
  const bytes = Buffer.alloc(1_048_576, 7);
  const [gotText, gotBytes] = await within(new Promise((resolve) => socket.emit("ask", text, bytes, (...args) => resolve(args))), "the acknowledgement");
  assert.ok(gotText === text, "the text came back changed");
  assert.equal(Buffer.compare(gotBytes, bytes), 0);
  const came = next(socket, "echo");
  socket.emit("echo", bytes, text);
  assert.equal(Buffer.compare((await came)[0], bytes), 0);
}

export async function More_than_the_limit_in_one_go_is_split_by_the_client({ connect }) {
  const socket = await connect();
  const filler = "x".repeat(100_000);
  for (let i = 0; i < 30; i++) {
    socket.emit("collect", i, filler); // 3 MB in one turn; the server says maxPayload 1 000 000
  }
  assert.deepEqual(await ask(socket, "collected"), [...Array(30).keys()]);
}

export async function A_volatile_event_of_the_client_is_lost_or_arrives_in_its_place({ connect }) {
  const socket = await connect();
  const count = 200;
  for (let i = 0; i < count; i++) {
    socket.volatile.emit("collect", i);
  }
  socket.emit("collect", count);
  const collected = await ask(socket, "collected");
  assert.equal(collected.at(-1), count);
  assert.deepEqual(collected, [...new Set(collected)].sort((a, b) => a - b));

  socket.disconnect();
  socket.volatile.emit("collect", -1); // not kept for later
  socket.connect();
  await next(socket, "connect");
  assert.deepEqual(await ask(socket, "collected"), []);
}

export async function A_handler_runs_on_the_loop({ connect, mode }) {
  const socket = await connect();
  if (mode === "upgrade") {
    await upgraded(socket);
  }
  const threads = new Set();
  for (let i = 0; i < 50 && !threads.has("ActorSocket loop"); i++) {
    threads.add(await ask(socket, "thread")); // one that finds its socket busy runs elsewhere
  }
  assert.ok(threads.has("ActorSocket loop"), [...threads].join());
}
