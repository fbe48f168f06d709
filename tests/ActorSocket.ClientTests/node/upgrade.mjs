import assert from "node:assert/strict";
import { ask, connected, Inbox, next, upgraded, within } from "./harness.mjs";

export async function Traffic_during_the_upgrade_is_neither_lost_nor_doubled_nor_reordered({ open }) {
  for (let round = 0; round < 5; round++) {
    const socket = open();
    await connected(socket);
    const engine = socket.io.engine;
    let done = engine.transport.name === "websocket";
    engine.once("upgrade", () => (done = true));

    const echoes = new Inbox(socket, "burst");
    const bursts = new Inbox(socket, "echo");
    socket.emit("burst", 1_000, "from the server alone");
    const sent = [];
    // Sends on and on, paced by acknowledgements, until well after the upgrade; every third event has attachments.
    for (let after = 0; after < 10; after += done ? 1 : 0) {
      for (let i = 0; i < 10; i++) {
        const n = sent.length;
        const args = n % 3 === 0 ? [n, Buffer.from([n & 255]), { more: Buffer.from("more") }] : [n, "text"];
        sent.push(["echo", ...args]);
        socket.emit("echo", ...args);
      }
      assert.equal(await ask(socket, "ask", after), after);
    }
    assert.equal(engine.transport.name, "websocket");
    assert.deepEqual(await echoes.take(sent.length), sent, `round ${round}`);
    assert.deepEqual((await bursts.take(1_000)).map((event) => event[1]), [...Array(1_000).keys()], `round ${round}`);
    assert.equal((await ask(socket, "whoami")).transport, "websocket");
    socket.disconnect();
  }
}

export async function The_upgrade_is_done_in_a_moment({ open }) {
  for (let round = 0; round < 5; round++) {
    const socket = open();
    await connected(socket);
    await within(upgraded(socket), "the upgrade", 3_000);
    socket.disconnect();
  }
}

export async function The_upgrade_keeps_the_socket_its_rooms_and_its_open_questions({ connect }) {
  const socket = await connect();
  const { id } = socket;
  const engineId = socket.io.engine.id;
  await ask(socket, "join", "blue");
  const question = next(socket, "question");
  const answered = ask(socket, "ask me", "before");
  const [, answer] = await question;

  const engine = await upgraded(socket);
  answer("after");
  assert.equal(await answered, "after");
  assert.equal(engine.id, engineId);
  const me = await ask(socket, "whoami");
  assert.deepEqual({ id: me.id, rooms: me.rooms.sort(), transport: me.transport, connections: me.connections }, { id, rooms: [id, "blue"].sort(), transport: "websocket", connections: 1 });
  assert.equal((await ask(socket, "handshake")).query.transport, "polling", "the handshake stays that of the first request");
}
