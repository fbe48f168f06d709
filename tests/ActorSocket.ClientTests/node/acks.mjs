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
  assert.equal(await ask(socket, "ask me within", 150), "TimeoutException");
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
