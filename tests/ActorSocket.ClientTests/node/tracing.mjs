import assert from "node:assert/strict";
import { ask } from "./harness.mjs";

export async function A_client_may_be_the_parent_of_its_connection_and_of_its_events({ connect }) {
  const socket = await connect("/", { auth: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" } });
  assert.equal(await ask(socket, "add", 1, 2, { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }), 3);
  assert.equal(await ask(socket, "add", 3, 4), 7);
  assert.equal((await ask(socket, "add", "no number", { traceparent: "rubbish" })).error.code, "BAD_ARGUMENT");
  socket.emit("nobody handles this");
  assert.equal((await ask(socket, "boom")).error.code, "INTERNAL_ERROR");
}
