import assert from "node:assert/strict";
import { ask, Inbox, next } from "./harness.mjs";

export async function Five_hundred_messages_pass_a_proxy_that_refuses_upgrades({ connect, open }) {
  const socket = open("/");
  const refused = new Promise((resolve) => socket.io.on("open", () => socket.io.engine.once("upgradeError", resolve)));
  await next(socket, "connect");
  const inbox = new Inbox(socket);
  const sent = [];
  for (let i = 0; i < 500; i++) {
    const event = ["echo", i, i % 50 === 0 ? Buffer.from([i & 255]) : "text"];
    sent.push(event);
    socket.emit(...event);
    if (i % 25 === 0) {
      await ask(socket, "ask", i);
    }
  }
  assert.deepEqual(await inbox.take(500), sent);
  await refused;
  assert.equal(await ask(socket, "ask", "after the refusal"), "after the refusal");
  assert.equal(socket.io.engine.transport.name, "polling");
  assert.equal((await ask(socket, "whoami")).transport, "polling");
  socket.disconnect(); // never upgrades
}

export async function A_trusted_certificate_gives_a_secure_connection({ connect }) {
  const socket = await connect();
  const handshake = await ask(socket, "handshake");
  assert.equal(handshake.secure, true);
  const bytes = Buffer.alloc(100_000, 7);
  assert.deepEqual(await ask(socket, "ask", bytes), bytes);
}

export async function An_unknown_certificate_is_accepted_when_the_client_says_so({ connect }) {
  const socket = await connect("/", { rejectUnauthorized: false });
  assert.equal((await ask(socket, "handshake")).secure, true);
}

export async function An_unknown_certificate_is_refused_by_the_client({ open }) {
  const socket = open("/", { reconnection: false });
  const [error] = await next(socket, "connect_error");
  assert.ok(["xhr poll error", "websocket error"].includes(error.message), error.message);
}
