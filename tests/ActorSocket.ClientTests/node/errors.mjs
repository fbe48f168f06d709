import assert from "node:assert/strict";
import { ask, next, within } from "./harness.mjs";

const internal = { error: { message: "Internal server error", code: "INTERNAL_ERROR" } };

export async function An_event_that_fails_is_answered_with_an_error({ connect }) {
  const socket = await connect();
  const sold = await ask(socket, "buy", 3);
  assert.deepEqual(sold.error.data.proof, Buffer.from([1, 2]));
  delete sold.error.data.proof;
  assert.deepEqual(sold, { error: { message: "sold out", code: "SOLD_OUT", data: { left: 2 } } });
  assert.deepEqual(await ask(socket, "add", "no number", 1), {
    error: { message: "Argument 1 cannot be read as a whole number.", code: "BAD_ARGUMENT" },
  });
  assert.deepEqual(await ask(socket, "boom"), internal);
  assert.deepEqual(await ask(socket, "boom later"), internal);
  // With a limit it is an answer, too: no error of the client's own.
  const all = await within(new Promise((resolve) => socket.timeout(10_000).emit("boom", (...args) => resolve(args))), "the error");
  assert.deepEqual(all, [null, internal]);
  await assert.rejects(socket.timeout(200).emitWithAck("nobody handles this"), /operation has timed out/);
  assert.equal(await ask(socket, "add", 1, 2), 3);
}

export async function The_function_of_the_guide_throws_it({ connect }) {
  const socket = await connect();
  await assert.rejects(call(socket, "buy", 3), (error) => {
    assert.ok(error instanceof Error);
    assert.deepEqual([error.message, error.code, error.data.left], ["sold out", "SOLD_OUT", 2]);
    return true;
  });
  assert.equal(await call(socket, "add", 1, 2), 3);
  assert.equal(await call(socket, "bought"), 1);

  async function call(socket, event, ...args) {
    const answer = await socket.timeout(5000).emitWithAck(event, ...args);
    if (answer?.error) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer;
  }
}

export async function The_server_may_show_more({ connect }) {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "nobody handles this"), { error: { message: "Unknown event", code: "UNKNOWN_EVENT" } });
  assert.deepEqual(await ask(socket, "boom later"), {
    error: { message: "InvalidOperationException: boom later", code: "INTERNAL_ERROR" },
  });
}

export async function An_error_ends_the_retries_of_a_client({ connect }) {
  const socket = await connect("/", { retries: 3, ackTimeout: 500 });
  const answer = await within(socket.emitWithAck("buy", 3), "the error");
  assert.equal(answer.error.code, "SOLD_OUT");
  assert.equal(await within(socket.emitWithAck("bought"), "the number of attempts"), 1);
}

export async function What_is_too_much_is_refused_and_who_does_not_stop_is_disconnected({ connect }) {
  const socket = await connect("/limited");
  for (let i = 0; i < 3; i++) {
    assert.equal(await ask(socket, "add", i, i), 2 * i);
  }
  const { error } = await ask(socket, "add", 1, 1);
  assert.deepEqual([error.message, error.code], ["Too many events", "RATE_LIMITED"]);
  assert.ok(error.data.retryAfter > 1 && error.data.retryAfter <= 3600, `${error.data.retryAfter}`);
  const gone = next(socket, "disconnect");
  assert.equal((await ask(socket, "flood")).error.code, "RATE_LIMITED");
  assert.deepEqual((await gone)[0], "io server disconnect");
  // Its limit was the socket's.
  const again = await connect("/limited");
  assert.equal(await ask(again, "add", 1, 2), 3);
}

export async function What_is_not_valid_is_answered_member_by_member({ connect }) {
  const socket = await connect();
  assert.equal(await ask(socket, "checkout", [{ item: "tea", count: 2 }]), 1);
  assert.deepEqual(await ask(socket, "checkout", [{ item: "tea", count: 2 }, { count: 100 }]), {
    error: {
      message: "Argument 1 is not valid.",
      code: "INVALID_ARGUMENT",
      data: {
        argument: 1,
        errors: {
          "[1].count": ["The field count must be between 1 and 99."],
          "[1].item": ["The item field is required."],
        },
      },
    },
  });
  assert.equal((await ask(socket, "checkout", "no list")).error.code, "BAD_ARGUMENT");
}
