// The chat of docs/samples/aspire, a client on each node. Run by ActorSocket.AspireTests.
import assert from "node:assert/strict";
import { ask, connected, next } from "./harness.mjs";

export async function What_one_says_the_clients_of_all_nodes_hear({ open }) {
  const sockets = process.env.NODES.trim().split(" ").map((url) => open("/", {}, url.replace(/\/$/, "")));
  await Promise.all(sockets.map(connected));
  assert.equal(new Set(sockets.map((socket) => socket.id.slice(0, 6))).size, 3, "each is on a node of its own");
  for (const [from, socket] of sockets.entries()) {
    const heard = Promise.all(sockets.map((one) => next(one, "said")));
    assert.equal(await ask(socket, "say", `hello from ${from}`), true);
    assert.deepEqual(await heard, sockets.map(() => [`hello from ${from}`]));
  }
}
