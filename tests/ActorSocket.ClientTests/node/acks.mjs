import assert from "node:assert/strict";
import { ask, Inbox, next, within } from "./harness.mjs";

export async function A_client_gets_the_acknowledgement_it_asked_for({ connect }) {
  const socket = await connect();
  const all = await within(new Promise((resolve) => socket.emit("ask", 1, "two", { three: 3 }, (...args) => resolve(args))), "the acknowledgement");
  assert.deepEqual(all, [1, "two", { three: 3 }]);
  assert.equal(await ask(socket, "ask", "first", "second"), "first");
  assert.equal(await socket.timeout(10_000).emitWithAck("ask", "in time"), "in time");
  assert.deepEqual(await within(new Promise((resolve) => socket.emit("ask", (...args) => resolve(args))), "an empty acknowledgement"), []);
}

export async function Two_hundred_acknowledgements_find_their_own_callers({ connect }) {
  const socket = await connect();
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(socket, "ask", i)));
  assert.deepEqual(answers, [...Array(200).keys()]);
}

export async function An_acknowledgement_is_sent_once({ connect }) {
  const socket = await connect();
  const packets = [];
  socket.io.on("packet", (packet) => packet.type === 3 && packets.push(packet.data.at(-1)));
  assert.equal(await ask(socket, "twice"), "one");
  assert.equal(await ask(socket, "ask", "fence"), "fence");
  assert.deepEqual(packets, ["one", "fence"]);
}

export async function A_client_that_is_not_answered_times_out({ connect }) {
  const socket = await connect();
  for (const name of ["silent", "nobody handles this"]) {
    await assert.rejects(socket.timeout(200).emitWithAck(name, 1), /operation has timed out/, name);
  }
  assert.equal(await ask(socket, "ask", "still here"), "still here");
}

export async function The_server_gets_the_acknowledgement_it_asked_for({ connect }) {
  const socket = await connect();
  socket.on("question", (what, answer) => answer(what === "colour" ? { colour: "blue", n: [1, null] } : what));
  assert.deepEqual(await ask(socket, "ask me", "colour"), { colour: "blue", n: [1, null] });
  for (let i = 0; i < 20; i++) {
    assert.equal(await ask(socket, "ask me", i), i);
  }
}

export async function The_server_times_out_and_ignores_what_comes_late({ connect }) {
  const socket = await connect();
  let late;
  socket.on("question", (_, answer) => (late = answer));
  assert.equal(await ask(socket, "ask me within", 150), "AckTimeoutException");
  late("too late");
  assert.equal(await ask(socket, "ask", "still here"), "still here");

  socket.off("question").on("question", (_, answer) => answer("in time"));
  assert.equal(await ask(socket, "ask me within", 10_000), "in time");
}

export async function A_disconnect_ends_the_servers_wait_at_once({ connect, signal }) {
  const socket = await connect();
  const asked = next(socket, "question");
  socket.emit("ask me for ever");
  await asked;
  const { id } = socket;
  socket.disconnect();
  await signal("gone", { id });
}

export async function A_broadcast_collects_the_acknowledgements_of_all({ connect }) {
  const sockets = await Promise.all([connect(), connect(), connect()]);
  sockets.forEach((socket, i) => socket.on("question", (what, answer) => answer(`${what} ${i}`)));
  const result = await ask(sockets[0], "ask all", 10_000, "who");
  assert.deepEqual({ ...result, answers: result.answers.sort() }, { timedOut: false, answers: ["who 0", "who 1", "who 2"] });
}

export async function A_broadcast_that_times_out_has_the_answers_so_far({ connect }) {
  const sockets = await Promise.all([connect(), connect(), connect()]);
  const inbox = new Inbox(sockets[2]);
  sockets.slice(0, 2).forEach((socket, i) => socket.on("question", (what, answer) => answer(`${what} ${i}`)));
  const result = await ask(sockets[0], "ask all", 700, "who");
  assert.deepEqual({ ...result, answers: result.answers.sort() }, { timedOut: true, answers: ["who 0", "who 1"] });
  assert.equal((await inbox.take(1))[0][0], "question");
}

export async function A_client_with_retries_sends_again_until_it_is_acknowledged({ connect }) {
  const socket = await connect("/", { retries: 5, ackTimeout: 300 });
  assert.equal(await ask(socket, "third time"), 3);
  assert.equal(await ask(socket, "ask", "next"), "next", "the queue goes on");
}

export async function A_client_with_retries_needs_no_handler_that_acknowledges({ connect }) {
  const socket = await connect("/", { retries: 5, ackTimeout: 10_000 });
  for (let n = 1; n <= 3; n++) socket.emit("collect", n);
  assert.deepEqual(await ask(socket, "collected"), [1, 2, 3]);
}

export async function A_callback_with_a_timeout_gets_an_error_or_the_answer({ connect }) {
  const socket = await connect();
  const call = (ms, ...args) => within(new Promise((resolve) => socket.timeout(ms).emit(...args, (...answer) => resolve(answer))), "the callback");
  assert.deepEqual(await call(10_000, "ask", 1, "two"), [null, 1, "two"]);
  const [error, ...rest] = await call(200, "silent");
  assert.match(error.message, /operation has timed out/);
  assert.deepEqual(rest, []);
}

export async function The_option_ackTimeout_bounds_every_question({ connect }) {
  const socket = await connect("/", { ackTimeout: 300 });
  await assert.rejects(socket.emitWithAck("silent"), /operation has timed out/);
  const [error] = await within(new Promise((resolve) => socket.emit("silent", (...answer) => resolve(answer))), "the callback");
  assert.match(error.message, /operation has timed out/);
  assert.equal(await ask(socket, "ask", "in time"), "in time");
}

export async function A_disconnect_ends_the_clients_wait_at_once({ connect }) {
  const socket = await connect();
  const waiting = assert.rejects(socket.timeout(60_000).emitWithAck("silent"), /socket has been disconnected/);
  socket.emit("kick", false);
  await within(waiting, "the end of the wait");
}

export async function Retried_events_keep_their_order_across_a_reconnection({ connect }) {
  const socket = await connect("/shop", { retries: 10, ackTimeout: 1_000 });
  const up = next(socket, "connect");
  for (let n = 0; n < 10; n++) socket.emit("log", n);
  socket.io.engine.close();
  for (let n = 10; n < 20; n++) socket.emit("log", n);
  await up;
  const logged = await ask(socket, "logged");
  assert.deepEqual([...new Set(logged)], [...Array(20).keys()], "each once at least, in order");
}

export async function A_retried_event_with_a_key_is_handled_once({ connect }) {
  const socket = await connect("/shop", { retries: 5, ackTimeout: 300 });
  // The first attempt is answered only when the second has come.
  assert.deepEqual(await ask(socket, "order", "a"), { number: 1, key: "a" });
  assert.deepEqual(await ask(socket, "order", "b"), { number: 2, key: "b" });
  const { placed, arrived } = await ask(socket, "orders");
  assert.equal(placed, 2);
  assert.ok(arrived >= 3, `${arrived} arrived: nothing was retried`);
}

export async function A_client_that_lost_its_connection_gets_the_answer_to_what_it_sent_before({ connect }) {
  const socket = await connect("/shop", { retries: 5, ackTimeout: 30_000 });
  const { id } = socket;
  const placing = next(socket, "placing");
  const answer = ask(socket, "order", "a");
  await placing; // the handler runs, and waits for the second attempt
  socket.io.engine.close();
  assert.deepEqual(await answer, { number: 1, key: "a" });
  assert.notEqual(socket.id, id);
  assert.deepEqual(await ask(socket, "orders"), { placed: 1, arrived: 2 });
}
