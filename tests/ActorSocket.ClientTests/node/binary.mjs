import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { ask, Inbox, next, upgraded, within } from "./harness.mjs";

const bytes = (...values) => Buffer.from(values);
const hash = (buffer) => createHash("sha256").update(buffer).digest("hex");

export async function Buffers_ArrayBuffers_and_typed_arrays_come_back_as_bytes({ connect }) {
  const socket = await connect();
  const inbox = new Inbox(socket);
  const views = [
    Buffer.from([0, 1, 2, 255]), new Uint8Array([3, 4]), new Uint8Array([5, 6]).buffer, new Uint8Array([9, 7, 8, 9]).subarray(1, 3), Buffer.alloc(0), Buffer.from([10]),
  ];
  for (const view of views) {
    socket.emit("echo", view);
  }
  socket.emit("echo", ...views);

  const want = [bytes(0, 1, 2, 255), bytes(3, 4), bytes(5, 6), bytes(7, 8), bytes(), bytes(10)];
  const back = await inbox.take(views.length + 1);
  assert.deepEqual(back, [...want.map((one) => ["echo", one]), ["echo", ...want]]);
}

export async function Nested_binary_keeps_its_place({ connect }) {
  const socket = await connect();
  const value = { name: "é", files: [{ head: bytes(1), rest: [bytes(2, 3), "text", null] }, bytes()], meta: { deep: { deeper: bytes(4) } }, n: 1 };
  const came = next(socket, "echo");
  socket.emit("echo", 1, value, "last", bytes(5));
  assert.deepEqual(await came, [1, value, "last", bytes(5)]);
  assert.deepEqual(await ask(socket, "ask", value), value);
}

export async function Binary_travels_in_acknowledgements_both_ways({ connect }) {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "ask", bytes(1, 2, 3)), bytes(1, 2, 3));

  socket.on("give bytes", (asked, answer) => answer(Buffer.concat([asked, bytes(9)])));
  assert.deepEqual(await ask(socket, "ask me for bytes", bytes(7, 8)), bytes(7, 8, 9));
}

export async function Typed_handlers_read_bytes_anywhere_in_the_graph({ connect }) {
  const socket = await connect();
  const parts = [randomBytes(10), Buffer.alloc(0), randomBytes(5_000)];
  const answer = await ask(socket, "inspect", { name: "photo", data: parts[2], parts });
  assert.deepEqual(answer, { name: "photo", length: 5_000, lengths: [10, 0, 5_000], sha256: hash(parts[2]), first: parts[0] });
}

export async function Large_binary_is_byte_identical({ connect }) {
  const socket = await connect();
  for (const length of [1, 125, 126, 65_535, 65_536, 700_000]) {
    const sent = randomBytes(length);
    const back = await ask(socket, "ask", { data: sent });
    assert.equal(hash(back.data), hash(sent), `${length} bytes came back changed`);
  }
}

export async function Two_buffers_may_be_bigger_together_than_one_message({ connect }) {
  const socket = await connect();
  const sent = [randomBytes(600_000), randomBytes(600_000)];
  const back = await ask(socket, "ask", sent);
  assert.deepEqual(back.map(hash), sent.map(hash));
}

export async function Half_an_emoji_arrives_as_the_replacement_character({ connect }) {
  const socket = await connect();
  const half = "a😀".slice(0, 2);
  assert.deepEqual(await ask(socket, "ask", { [half]: [half, bytes(1)] }), { "a\ufffd": ["a\ufffd", bytes(1)] });
}

export async function Binary_and_text_events_keep_their_order({ connect }) {
  const socket = await connect();
  const inbox = new Inbox(socket);
  const count = 300;
  const sent = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? [i] : i % 3 === 1 ? [i, bytes(i & 255)] : [i, { a: bytes(1, i & 255), b: [bytes(), "x"] }]));
  for (const args of sent) {
    socket.emit("echo", ...args);
  }
  assert.deepEqual(await inbox.take(count), sent.map((args) => ["echo", ...args]));
}

export async function Ten_attachments_pass_and_eleven_end_the_connection({ connect }) {
  const socket = await connect();
  const ten = Array.from({ length: 10 }, (_, i) => bytes(i));
  assert.deepEqual(await ask(socket, "ask", ten), ten);

  const down = next(socket, "disconnect");
  socket.emit("echo", [...ten, bytes(10)]);
  const [reason] = await down;
  assert.ok(["transport close", "transport error"].includes(reason), reason);
  await next(socket, "connect", "the client's reconnection");
}

export async function A_binary_broadcast_reaches_every_member_whole({ connect }) {
  const sockets = await Promise.all(Array.from({ length: 4 }, () => connect()));
  const inboxes = sockets.map((socket) => new Inbox(socket));
  await Promise.all(sockets.map((socket) => ask(socket, "join", "blue")));
  const count = 40;
  await Promise.all(
    sockets.map(async (socket, from) => {
      for (let i = 0; i < count; i++) {
        socket.emit("publish bytes", { via: "server", to: ["blue"] }, "blob", bytes(from, i), bytes(i, from, 0xff));
      }
    }),
  );
  for (const inbox of inboxes) {
    const blobs = await inbox.take(count * sockets.length);
    sockets.forEach((_, from) => {
      const mine = blobs.filter((blob) => blob[1][0] === from);
      assert.deepEqual(mine, Array.from({ length: count }, (__, i) => ["blob", bytes(from, i), bytes(i, from, 0xff)]));
    });
  }
}

export async function A_client_with_the_msgpack_parser_exchanges_everything({ connect, join, mode }) {
  const parser = (await import("socket.io-msgpack-parser")).default;
  const socket = await connect("/", { parser, auth: { token: "t" } });
  assert.equal((await ask(socket, "handshake")).auth.token, "t");
  const came = next(socket, "echo");
  const values = [1, -1, 1.5, 2 ** 40, -(2 ** 40), "é😀", "x".repeat(300), null, true, { a: [{ b: [] }] }, Array.from({ length: 40 }, (_, i) => i)];
  socket.emit("echo", ...values, Buffer.from([0, 255]), { deep: [Buffer.alloc(70_000, 7)] });
  const echoed = await came;
  assert.deepEqual(echoed.slice(0, values.length), values);
  assert.deepEqual([...echoed.at(-2)], [0, 255]);
  assert.equal(Buffer.compare(Buffer.from(echoed.at(-1).deep[0]), Buffer.alloc(70_000, 7)), 0);
  assert.equal(new Date(await ask(socket, "ask", new Date(5))).getTime(), 5);
  assert.deepEqual([...new Uint8Array(await ask(socket, "ask", new Uint8Array([1, 2]).buffer))], [1, 2]);
  for (const view of [new Uint8Array(8).fill(255), new Float64Array([1.5]), new Uint8Array(8), Buffer.alloc(8, 1)]) {
    const raw = [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
    assert.deepEqual([...(await ask(socket, "ask", view))], raw, "8 bytes are no date");
    assert.deepEqual([...new Uint8Array(await ask(socket, "ask", new Uint8Array(raw).buffer))], raw, "nor in an ArrayBuffer");
  }
  assert.equal(new Date(await ask(socket, "ask", new Date(8.64e15))).getTime(), 8.64e15);
  const like = [{ _placeholder: true, num: 0 }, { _placeholder: true, num: 99 }, bytes(7)];
  assert.deepEqual(await ask(socket, "ask", like), like);
  assert.deepEqual(await ask(socket, "ask", { a: undefined, b: 1 }), { b: 1 });
  assert.equal(await ask(socket, "ask", "a\ud83d" + "x".repeat(40)), "a\ufffd" + "x".repeat(40));
  const lobby = await join(socket, "/lobby");
  assert.equal((await ask(lobby, "whoami")).namespace, "/lobby");
  if (mode === "upgrade") await upgraded(socket);
  assert.equal(await ask(socket, "ask", "after"), "after");
}

export async function A_client_that_compresses_exchanges_everything({ connect, mode }) {
  const socket = await connect("/", { perMessageDeflate: { threshold: 0 } });
  if (mode === "upgrade") await upgraded(socket);
  assert.match(socket.io.engine.transport.ws.extensions, /permessage-deflate/);
  const text = "é😀".repeat(50_000);
  const random = randomBytes(200_000);
  for (let i = 0; i < 3; i++) {
    assert.equal(await ask(socket, "ask", text), text);
    assert.equal(hash(Buffer.from(await ask(socket, "ask", random))), hash(random));
    assert.equal(await ask(socket, "ask", "short"), "short");
  }
}

export async function Every_kind_of_binary_comes_back_as_its_bytes({ connect }) {
  const socket = await connect();
  const source = randomBytes(64);
  const { buffer } = new Uint8Array(source);
  const raw = (view) => (view instanceof ArrayBuffer ? Buffer.from(view) : Buffer.from(view.buffer, view.byteOffset, view.byteLength));
  const kinds = [
    Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView,
  ].flatMap((Kind) => [new Kind(buffer), new Kind(buffer, 16, Kind === DataView ? 24 : 24 / Kind.BYTES_PER_ELEMENT)]);
  kinds.push(buffer, new ArrayBuffer(0), Buffer.from(source), Buffer.alloc(0), Buffer.from(source).subarray(3, 9), new DataView(new ArrayBuffer(0)));
  for (const kind of kinds) {
    const want = raw(kind);
    assert.deepEqual(await ask(socket, "ask", kind), want, kind.constructor.name);
    assert.deepEqual(await ask(socket, "ask", { deep: [[kind, 1], { kind }] }), { deep: [[want, 1], { kind: want }] }, kind.constructor.name);
  }
}

export async function Blobs_and_files_come_back_as_their_bytes({ url }) {
  const { default: io } = await import("socket.io-client/dist/socket.io.js"); // that of the browser: the one for Node.js cannot send a Blob
  const socket = io(url, { transports: ["websocket"], forceNew: true });
  await next(socket, "connect");
  const list = (buffer) => [...new Uint8Array(buffer)];
  const large = randomBytes(300_000);
  const [blob, deep] = await within(
    new Promise((resolve) => socket.emit("ask", new Blob([bytes(1, 2), "é"]), { file: new File([bytes(3)], "a.bin"), list: [new Blob([large]), new Blob([])] }, (...all) => resolve(all))),
    "the acknowledgement",
  );
  assert.deepEqual(list(blob), [1, 2, ...Buffer.from("é")]);
  assert.deepEqual(list(deep.file), [3]);
  assert.equal(hash(Buffer.from(deep.list[0])), hash(large));
  assert.deepEqual(list(deep.list[1]), []);
  const came = next(socket, "echo");
  socket.emit("echo", new File([bytes(4, 5)], "b.bin"), "after");
  const [file, after] = await came;
  assert.deepEqual([list(file), after], [[4, 5], "after"]);
  socket.close();
}

/** As the official server does: the client announces an attachment and sends "[object Blob]". */
export async function A_Blob_of_the_Nodejs_build_is_text_and_ends_the_connection({ connect }) {
  const socket = await connect();
  const { id } = socket;
  const down = next(socket, "disconnect");
  socket.emit("echo", new Blob([bytes(1, 2, 3)]));
  await down;
  await next(socket, "connect", "the client's reconnection");
  assert.equal(await ask(socket, "ask", "again"), "again");
  return { reasons: { [id]: ["forced close", "forced server close"] } };
}
