import assert from "node:assert/strict";
import { ask, next, upgraded } from "./harness.mjs";

export async function Every_namespace_comes_back_each_time_the_server_does({ connect, join, signal }) {
  const root = await connect("/", { reconnectionDelay: 50, reconnectionDelayMax: 200 });
  const lobby = await join(root, "/lobby");
  const heard = [];
  root.on("echo", (n) => heard.push(n));
  const ids = new Set([root.id, lobby.id]);

  for (let round = 1; round <= 3; round++) {
    const down = next(root, "disconnect");
    await signal("up"); // the server is stopped now
    const [reason] = await down;
    assert.ok(["transport close", "transport error", "ping timeout"].includes(reason), reason);
    root.emit("echo", round); // waits in the client until the server is back

    const up = Promise.all([next(root, "connect"), next(lobby, "connect")]);
    await signal("down"); // the server runs again
    await up;
    ids.add(root.id).add(lobby.id);
    const me = await ask(root, "whoami");
    assert.equal(me.connections, 1);
    assert.equal((await ask(lobby, "whoami")).sockets, 1);
    assert.deepEqual(heard, Array.from({ length: round }, (_, i) => i + 1), "an event emitted while the server was away arrives once");
  }
  assert.equal(ids.size, 8, "every reconnection makes new sockets");
}

export async function A_frozen_connection_is_noticed_by_both_sides({ connect, signal }) {
  const socket = await connect();
  socket.io.timeout(1_500); // an attempt that meets the frozen way must end
  const { id } = socket;
  const down = next(socket, "disconnect");
  await signal("connected"); // nothing passes any more, and nobody is told
  assert.equal((await down)[0], "ping timeout");
  const up = next(socket, "connect", "the connection by another way");
  await signal("noticed"); // what is opened from now on works
  await up;
  assert.notEqual(socket.id, id);
  await ask(socket, "whoami");
  return { reasons: { [id]: "ping timeout" } };
}

export async function A_silent_connection_is_kept_alive_by_heartbeats({ connect, mode }) {
  const socket = await connect();
  if (mode === "upgrade") {
    await upgraded(socket);
  }
  const { id } = socket;
  for (let i = 0; i < 10; i++) {
    await next(socket.io, "ping", `heartbeat ${i + 1}`);
  }
  assert.equal((await ask(socket, "whoami")).id, id);
}

export async function A_client_gets_its_socket_back_with_what_it_missed({ connect }) {
  const socket = await connect("/", { reconnectionDelay: 50, reconnectionDelayMax: 100 });
  const other = await connect("/");
  assert.equal(socket.recovered, false);
  await ask(socket, "join", "blue");
  const heard = [];
  socket.on("news", (n) => heard.push(n));
  const say = (n) => ask(other, "publish", { via: "server", to: ["blue"] }, "news", n);
  await say(0);
  while (heard.length < 1) await next(socket, "news");
  const { id } = socket;

  const down = next(socket, "disconnect");
  socket.io.engine.close(); // as a lost connection: without a goodbye of the namespace
  await down;
  for (let n = 1; n <= 20; n++) await say(n);
  if (!socket.connected) await next(socket, "connect");

  assert.equal(socket.recovered, true);
  assert.equal(socket.id, id);
  await say(21);
  while (heard.length < 22) await next(socket, "news");
  assert.deepEqual(heard, Array.from({ length: 22 }, (_, i) => i));
}

/** Drops the connection, lets the other one speak meanwhile, and gives what was heard once the socket is back. */
async function drop(socket, other, count) {
  const heard = [];
  socket.on("news", (n) => heard.push(n));
  const { id } = socket;
  const down = next(socket, "disconnect");
  socket.io.engine.close();
  await down;
  for (let n = 1; n <= count; n++) await ask(other, "publish", { via: "server", to: ["blue"] }, "news", n);
  if (!socket.connected) await next(socket, "connect");
  assert.equal(socket.recovered, true);
  assert.equal(socket.id, id);
  while (heard.length < count) await next(socket, "news");
  assert.deepEqual(heard, Array.from({ length: count }, (_, i) => i + 1));
}

export async function A_volatile_text_does_not_cost_the_recovery({ connect }) {
  const socket = await connect("/", { reconnectionDelay: 50, reconnectionDelayMax: 100 });
  const other = await connect("/");
  await ask(socket, "join", "blue");
  let isTold = false;
  socket.on("status", () => (isTold = true));
  while (!isTold) {
    socket.emit("volatile status", "connected"); // dropped when the transport is busy
    await new Promise((resolve) => setTimeout(resolve, 20)); // that it is dropped is said to nobody
  }
  await drop(socket, other, 5);
}

export async function A_client_that_has_received_no_event_is_recovered({ connect }) {
  const socket = await connect("/", { reconnectionDelay: 50, reconnectionDelayMax: 100 });
  const other = await connect("/");
  await ask(socket, "join", "blue");
  await drop(socket, other, 5);
}

/** Notes what a manager and its socket say, in order. */
function listen(socket) {
  const told = [];
  for (const name of ["close", "reconnect_attempt", "reconnect_error", "reconnect_failed", "reconnect"]) {
    socket.io.on(name, (value) => told.push(value instanceof Error ? [name] : [name, value]));
  }
  socket.on("connect_error", () => told.push(["connect_error"]));
  return told;
}

const values = (told, name) => told.filter((one) => one[0] === name).map((one) => one[1]);

export async function The_manager_tells_of_every_attempt_until_the_server_is_back({ connect, signal }) {
  const socket = await connect("/", { reconnectionDelay: 20, reconnectionDelayMax: 60 });
  const told = listen(socket);
  const down = next(socket, "disconnect");
  await signal("up"); // the server is stopped now
  await down;
  for (let failed = values(told, "reconnect_error").length; failed < 3; failed++) {
    await next(socket.io, "reconnect_error");
  }
  const back = next(socket.io, "reconnect");
  await signal("down"); // the server runs again
  const [attempts] = await back;

  assert.equal(told[0][0], "close");
  assert.deepEqual(values(told, "reconnect_attempt"), Array.from({ length: attempts }, (_, i) => i + 1));
  assert.equal(values(told, "reconnect_error").length, attempts - 1);
  assert.equal(values(told, "connect_error").length, attempts - 1, "the socket is told of each failure too");
  assert.deepEqual(values(told, "reconnect"), [attempts]);
  assert.deepEqual(values(told, "reconnect_failed"), []);
  if (!socket.connected) await next(socket, "connect");
  assert.equal((await ask(socket, "whoami")).connections, 1);
}

export async function The_manager_gives_up_after_its_attempts_and_connects_when_told_to({ connect, signal }) {
  const socket = await connect("/", { reconnectionDelay: 20, reconnectionDelayMax: 60, reconnectionAttempts: 3 });
  const told = listen(socket);
  const failed = next(socket.io, "reconnect_failed");
  await signal("up");
  await failed;
  assert.deepEqual(values(told, "reconnect_attempt"), [1, 2, 3]);
  assert.equal(values(told, "reconnect_error").length, 3);
  await signal("down");
  const up = next(socket, "connect");
  socket.connect();
  await up;
  assert.equal((await ask(socket, "whoami")).id, socket.id);
  assert.deepEqual(values(told, "reconnect_attempt"), [1, 2, 3]);
}

export async function A_client_without_reconnection_stays_away_until_told({ connect }) {
  const socket = await connect("/", { reconnection: false });
  const told = listen(socket);
  const { id } = socket;
  const down = next(socket, "disconnect");
  socket.io.engine.close();
  await down;
  const up = next(socket, "connect");
  socket.connect();
  await up;
  assert.notEqual(socket.id, id);
  assert.deepEqual(told.map(([name]) => name), ["close"]);
}

export async function An_attempt_that_takes_too_long_is_given_up({ open }) {
  const socket = open("/", { timeout: 300, reconnectionAttempts: 1, reconnectionDelay: 20 });
  const failed = next(socket.io, "reconnect_failed");
  const [error] = await next(socket, "connect_error");
  assert.equal(error.message, "timeout");
  await failed;
}

export async function A_socket_is_recovered_by_another_transport({ connect, mode }) {
  const socket = await connect("/");
  const other = await connect("/");
  await ask(socket, "join", "blue");
  const heard = [];
  socket.on("news", (n, bytes) => heard.push([n, bytes]));
  const say = (n) => other.emit("publish bytes", { via: "server", to: ["blue"] }, "news", Buffer.from([n]), Buffer.from([n, n]));
  const first = next(socket, "news");
  say(0);
  await first;
  const { id } = socket;

  socket.io.opts.transports = [mode === "polling" ? "websocket" : "polling"];
  const [down, up] = [next(socket, "disconnect"), next(socket, "connect")];
  socket.io.engine.close();
  await down;
  say(1);
  await up;
  assert.deepEqual([socket.recovered, socket.id], [true, id]);
  assert.equal((await ask(socket, "whoami")).transport, mode === "polling" ? "websocket" : "polling");
  say(2);
  while (heard.length < 3) await next(socket, "news");
  assert.deepEqual(heard, [0, 1, 2].map((n) => [Buffer.from([n]), Buffer.from([n, n])]));
}

export async function A_client_that_missed_more_than_is_remembered_gets_a_new_socket({ connect }) {
  const socket = await connect("/");
  const other = await connect("/");
  const first = next(socket, "news");
  await ask(other, "publish", { via: "server" }, "news", 0);
  await first;
  const { id } = socket;
  const down = next(socket, "disconnect");
  socket.io.reconnection(false); // comes back when told to
  socket.io.engine.close();
  await down;
  for (let n = 1; n <= 20; n++) await ask(other, "publish", { via: "server" }, "news", n);
  const up = next(socket, "connect");
  socket.connect();
  await up;
  assert.equal(socket.recovered, false);
  assert.notEqual(socket.id, id);
}
