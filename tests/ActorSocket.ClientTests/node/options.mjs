// Each option of the client that the server has a part in.
import assert from "node:assert/strict";
import { ask, connected, next, reconnected, upgraded, within } from "./harness.mjs";

export async function An_auth_function_is_asked_at_each_connection({ connect }) {
  let n = 0;
  const socket = await connect("/", { auth: (give) => setImmediate(() => give({ n: ++n })) });
  assert.deepEqual((await ask(socket, "handshake")).auth, { n: 1 });
  await reconnected(socket);
  assert.deepEqual((await ask(socket, "handshake")).auth, { n: 2 });
}

export async function Connections_are_shared_unless_the_client_says_otherwise({ connect }) {
  const shared = { forceNew: false };
  const root = await connect("/", shared);
  const lobby = await connect("/lobby", shared);
  assert.equal(lobby.io, root.io);
  assert.equal((await ask(lobby, "whoami")).connections, 1);
  const alone = await connect("/strict", { ...shared, multiplex: false });
  assert.equal((await ask(alone, "whoami")).connections, 2);
  const forced = await connect("/strict", { forceNew: true });
  assert.equal((await ask(forced, "whoami")).connections, 3);
  const twice = await connect("/lobby", shared); // a second socket of one namespace needs a connection of its own
  assert.equal((await ask(twice, "whoami")).connections, 4);
  assert.equal((await ask(twice, "whoami")).sockets, 2);
}

export async function A_client_may_connect_when_it_likes_and_again({ connect, open }) {
  const other = await connect();
  const socket = open("/", { autoConnect: false });
  assert.equal(socket.active, false);
  assert.equal((await ask(other, "whoami")).connections, 1);
  const ids = new Set();
  for (let round = 0; round < 3; round++) {
    socket.connect();
    await connected(socket);
    assert.deepEqual([socket.connected, socket.disconnected, socket.active], [true, false, true]);
    ids.add((await ask(socket, "whoami")).id);
    socket.disconnect();
    assert.deepEqual([socket.connected, socket.disconnected, socket.active], [false, true, false]);
  }
  assert.equal(ids.size, 3);
}

export async function Time_stamps_are_the_clients_choice({ connect }) {
  const stamped = await connect("/", { timestampRequests: true, timestampParam: "stamp" });
  assert.ok((await ask(stamped, "handshake")).query.stamp);
  const plain = await connect("/", { timestampRequests: false });
  assert.equal((await ask(plain, "handshake")).query.t, undefined);
}

export async function A_query_in_the_address_reaches_the_handshake({ connect }) {
  const socket = await connect("/lobby?colour=sky%20blue&n=1");
  const { query } = await ask(socket, "handshake");
  assert.equal(query.colour, "sky blue");
  assert.equal(query.n, "1");
  assert.equal((await ask(socket, "whoami")).namespace, "/lobby");
}

export async function Headers_may_differ_by_transport({ connect, mode }) {
  const headers = (way) => ({ extraHeaders: { "X-Way": way } });
  const socket = await connect("/", { transportOptions: { polling: headers("polling"), websocket: headers("websocket") } });
  assert.equal((await ask(socket, "handshake")).headers["x-way"], mode === "websocket" ? "websocket" : "polling");
}

export async function A_client_that_asks_for_base64_gets_no_binary_frame({ connect, mode }) {
  const socket = await connect("/", { forceBase64: true });
  if (mode === "upgrade") {
    await upgraded(socket);
  }
  assert.equal((await ask(socket, "handshake")).query.b64, "1");
  let binary = 0;
  socket.io.engine.transport.ws?.on("message", (_, isBinary) => (binary += isBinary));
  const sent = { data: Buffer.from([0, 1, 255]), more: [Buffer.alloc(0), Buffer.alloc(5_000, 3)] };
  assert.deepEqual(await ask(socket, "ask", sent), sent);
  assert.equal(binary, 0);
}

export async function A_subprotocol_of_the_WebSocket_is_agreed_on({ connect, mode }) {
  const socket = await connect("/", { protocols: ["chat.v2", "chat.v1"] });
  if (mode === "upgrade") {
    await upgraded(socket);
  }
  assert.equal(socket.io.engine.transport.ws.protocol, "chat.v2");
  assert.equal(await ask(socket, "ask", 1), 1);
}

export async function Transports_are_tried_in_the_clients_order({ connect }) {
  const socket = await connect("/", { transports: ["websocket", "polling"] });
  assert.equal((await ask(socket, "handshake")).query.transport, "websocket");
  assert.equal(socket.io.engine.transport.name, "websocket");
}

export async function A_client_that_tries_all_transports_finds_the_one_that_is_offered({ connect, open }) {
  const transports = ["websocket", "polling"];
  const [error] = await next(open("/", { transports, reconnection: false }), "connect_error");
  assert.equal(error.message, "websocket error");
  const socket = await connect("/", { transports, tryAllTransports: true });
  assert.equal((await ask(socket, "whoami")).transport, "polling");
}

export async function An_upgrade_is_remembered_for_the_next_connection({ connect }) {
  const first = await connect("/", { rememberUpgrade: true });
  assert.equal((await ask(first, "handshake")).query.transport, "polling");
  await upgraded(first);
  const second = await connect("/", { rememberUpgrade: true });
  assert.equal((await ask(second, "handshake")).query.transport, "websocket");
}

export async function A_client_that_does_not_want_the_upgrade_stays_with_polling({ connect }) {
  const socket = await connect("/", { transports: ["polling", "websocket"], upgrade: false });
  for (let i = 0; i < 50; i++) {
    await ask(socket, "ask", i); // an upgrade would be done long before
  }
  assert.equal(socket.io.engine.transport.name, "polling");
  assert.equal((await ask(socket, "whoami")).transport, "polling");
}

export async function The_path_and_its_slash_are_the_clients_choice({ connect }) {
  for (const [addTrailingSlash, start] of [[false, "/game/io?EIO=4"], [true, "/game/io/?EIO=4"]]) {
    const socket = await connect("/", { path: "/game/io", addTrailingSlash });
    const { url } = await ask(socket, "handshake");
    assert.ok(url.startsWith(start), url);
  }
}

export async function A_client_with_credentials_returns_the_cookie({ connect, mode }) {
  const socket = await connect("/", { withCredentials: true });
  await ask(socket, "whoami");
  if (mode === "upgrade") {
    await upgraded(socket);
  }
  return { sid: socket.io.engine.id };
}

export async function A_packet_may_be_left_uncompressed({ connect, mode }) {
  const socket = await connect("/", { perMessageDeflate: { threshold: 0 } });
  if (mode === "upgrade") {
    await upgraded(socket);
  }
  const tcp = socket.io.engine.transport.ws._socket;
  const text = "x".repeat(100_000);
  const cost = async (emitter) => {
    const before = tcp.bytesWritten;
    assert.ok((await within(emitter.emitWithAck("ask", text), "the acknowledgement")) === text, "the text came back changed");
    return tcp.bytesWritten - before;
  };
  assert.ok((await cost(socket)) < 5_000);
  assert.ok((await cost(socket.compress(false))) > 100_000);
  assert.ok((await cost(socket)) < 5_000, "the flag is for one packet");
}
