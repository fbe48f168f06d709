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
  const socket = await connect("/", { timeout: 1_000 });
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
