// Each case returns the reasons that the server must have seen: { reasons: { socket id: reason } }.
import assert from "node:assert/strict";
import { ask, next } from "./harness.mjs";

export async function The_server_disconnects_one_namespace_and_leaves_the_others({ connect, join }) {
  const root = await connect();
  const lobby = await join(root, "/lobby");
  const { id } = lobby;
  const down = next(lobby, "disconnect");
  lobby.emit("kick", false);
  assert.deepEqual((await down)[0], "io server disconnect");
  assert.equal(lobby.active, false, "a client that the server sent away must not come back by itself");

  assert.equal((await ask(root, "whoami")).connections, 1);
  const rootId = root.id;
  root.disconnect();
  return { reasons: { [id]: "server namespace disconnect", [rootId]: "client namespace disconnect" } };
}

export async function The_server_ends_the_whole_connection({ connect, join }) {
  const root = await connect();
  const lobby = await join(root, "/lobby");
  const reasons = { [root.id]: "server namespace disconnect", [lobby.id]: "server namespace disconnect" };
  const closed = next(root.io, "close", "the end of the connection");
  const down = Promise.all([root, lobby].map((socket) => next(socket, "disconnect")));
  lobby.emit("kick", true);
  assert.deepEqual((await down).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
  await closed;
  return { reasons };
}

export async function The_server_closes_the_connection_and_the_client_comes_back({ connect, join }) {
  const root = await connect();
  const lobby = await join(root, "/lobby");
  const reasons = { [root.id]: "forced close", [lobby.id]: "forced close" };
  const down = Promise.all([root, lobby].map((socket) => next(socket, "disconnect")));
  const up = Promise.all([root, lobby].map((socket) => next(socket, "connect")));
  root.emit("close connection");
  assert.deepEqual((await down).map(([reason]) => reason), ["transport close", "transport close"]);
  await up;
  return { reasons };
}

export async function The_client_says_goodbye({ connect }) {
  const socket = await connect();
  const reasons = { [socket.id]: "client namespace disconnect" };
  const down = next(socket, "disconnect");
  socket.disconnect();
  assert.equal((await down)[0], "io client disconnect");
  return { reasons };
}

export async function The_client_closes_its_transport({ connect }) {
  const socket = await connect("/", { reconnection: false });
  const reasons = { [socket.id]: "transport close" };
  const down = next(socket, "disconnect");
  socket.io.engine.close();
  assert.equal((await down)[0], "forced close");
  return { reasons };
}

export async function What_was_emitted_before_a_disconnect_arrives_first({ connect }) {
  const socket = await connect();
  const seen = [];
  socket.onAny((name, n) => seen.push(`${name} ${n}`));
  const down = next(socket, "disconnect");
  socket.emit("farewell", 100);
  await down;
  assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => `bye ${i}`));
}

/** Never ends by itself: the test kills this process. */
export async function A_killed_client_is_noticed({ connect, signal }) {
  const socket = await connect();
  await ask(socket, "whoami");
  await signal("connected", { id: socket.id });
}

export async function A_stopping_server_lets_its_clients_go({ connect, signal }) {
  const socket = await connect("/", { reconnection: false });
  await ask(socket, "join", "blue");
  const down = next(socket, "disconnect");
  const { id } = socket;
  await signal("connected", { id });
  const [reason] = await down;
  assert.ok(["transport close", "transport error"].includes(reason), reason);
  return { reasons: { [id]: "server shutting down" } };
}

/** docs/guide/why-did-my-client-disconnect.md: reason, description, close code and whether it comes back by itself. */
export async function What_a_client_sees_of_each_end_is_what_the_guide_says({ connect }) {
  const reasons = {};
  const polls = (await connect()).io.engine.transport.name === "polling";
  const closed = polls
    ? ["transport close", "transport closed by the server", undefined]
    : ["transport close", "websocket connection closed", 1005];
  const cases = [
    [(socket) => raw(socket, "abc"), "parse error", ...closed],
    [(socket) => raw(socket, "2"), "transport error", ...closed],
    [(socket) => raw(socket, "42{}"), "forced close", ...closed],
    polls
      ? [(socket) => socket.emit("ask", "x".repeat(1_100_000)), "transport close", "transport error", 413, undefined]
      : [(socket) => socket.emit("ask", "x".repeat(1_100_000)), "transport error", "transport close", "websocket connection closed", 1009],
  ];
  for (const [end, serverSays, clientSays, description, code] of cases) {
    const socket = await connect("/", { reconnection: false });
    reasons[socket.id] = serverSays;
    const down = next(socket, "disconnect", `the end by ${serverSays}`);
    end(socket);
    const [reason, details] = await down;
    const seen = [reason, details?.description, details?.context?.code, socket.active];
    // Between two polls nobody waits for the close, and the next poll finds no session.
    const isBetweenPolls = polls && clientSays === "transport close" && seen[1] === 400;
    assert.deepEqual(seen, isBetweenPolls ? ["transport error", 400, undefined, true] : [clientSays, description, code, true]);
  }
  return { reasons };

  function raw(socket, text) {
    const { transport } = socket.io.engine;
    if (polls) transport.doWrite(text, () => {});
    else transport.ws.send(text);
  }
}
