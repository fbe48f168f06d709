import assert from "node:assert/strict";
import io from "socket.io-client-v2";
import { next, within } from "./harness.mjs";

const transports = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };

/** A connected socket of the Socket.IO 2 client. */
async function join(context, namespace = "/", options = {}) {
  const socket = io(context.url + namespace, { transports: transports[context.mode], forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 100, ...options });
  socket.on("connect_error", (error) => assert.fail(`could not connect: ${error}`));
  await next(socket, "connect");
  return socket;
}

const ask = (socket, event, ...args) => within(new Promise((resolve) => socket.emit(event, ...args, resolve)), `the acknowledgement of "${event}"`);
const bytes = (...values) => Buffer.from(values);
const list = (binary) => [...new Uint8Array(binary)];

export async function A_client_of_version_2_takes_its_connections_id(context) {
  const socket = await join(context);
  const me = await ask(socket, "whoami");
  assert.equal(me.id, socket.id);
  assert.equal(me.id, socket.io.engine.id);
  const lobby = socket.io.socket("/lobby");
  await next(lobby, "connect");
  assert.equal((await ask(lobby, "whoami")).id, `/lobby#${socket.io.engine.id}`);
  assert.equal(lobby.id, `/lobby#${socket.io.engine.id}`);
  socket.close();
  lobby.close();
}

export async function A_client_of_version_2_exchanges_text_and_binary(context) {
  const socket = await join(context);
  const came = next(socket, "echo");
  socket.emit("echo", "é😀\u2028", { n: [1, null] }, bytes(0, 1, 255), { deep: [bytes(4)] });
  const [text, object, binary, deep] = await came;
  assert.deepEqual([text, object, list(binary), list(deep.deep[0])], ["é😀\u2028", { n: [1, null] }, [0, 1, 255], [4]]);
  assert.deepEqual(list(await ask(socket, "ask", bytes(7, 8))), [7, 8]);
  const big = Buffer.alloc(300_000, 7);
  assert.equal(Buffer.compare(Buffer.from(await ask(socket, "ask", big)), big), 0);
  if (context.mode === "upgrade" && socket.io.engine.transport.name !== "websocket") await next(socket.io.engine, "upgrade");
  assert.equal(await ask(socket, "ask", "after"), "after");
  socket.close();
}

export async function A_client_of_version_2_keeps_its_heartbeat(context) {
  const socket = await join(context);
  const { id } = socket;
  for (let i = 0; i < 5; i++) await next(socket.io.engine, "pong", `pong ${i + 1}`);
  assert.equal((await ask(socket, "whoami")).id, id);
  socket.close();
}

export async function A_client_of_version_2_is_told_why_it_is_refused(context) {
  const socket = await join(context);
  const guarded = socket.io.socket("/guarded");
  const [error] = await next(guarded, "error");
  assert.deepEqual(error, { code: "E1", retryAfter: 5, tried: ["first"] });
  assert.equal(await ask(socket, "ask", 1), 1, "the connection lives");
  guarded.close();
  socket.close();
}

export async function A_client_of_version_2_talks_to_one_of_version_4(context) {
  const old = await join(context);
  const current = await context.connect("/");
  await ask(old, "join", "blue");
  await current.emitWithAck("join", "blue");
  const seen = [next(old, "news"), next(current, "news")];
  await ask(old, "publish", { via: "server", to: ["blue"] }, "news", { text: "to both" });
  assert.deepEqual(await Promise.all(seen), [[{ text: "to both" }], [{ text: "to both" }]]);
  old.close();
}
