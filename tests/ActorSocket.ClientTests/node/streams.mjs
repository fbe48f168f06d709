import assert from "node:assert/strict";
import { ask, next, reconnected } from "./harness.mjs";

export async function A_sequence_is_read_at_the_clients_pace_to_its_end({ connect }) {
  const socket = await connect();
  const all = [];
  for await (const item of read(socket, "count up", 100, -1)) {
    all.push(item);
  }
  assert.equal(all.length, 100);
  assert.deepEqual(all.slice(0, 8), [0, 1, 2, 3, 4, 5, 6, { bytes: Buffer.from([7]) }]);
  assert.deepEqual(await ask(socket, "ends"), ["100 of 100"]);
  assert.deepEqual(await Promise.all([collect(read(socket, "count up", 3, -1)), collect(read(socket, "count up", 2, -1))]), [[0, 1, 2], [0, 1]]);
  assert.deepEqual(await collect(read(socket, "count up", 0, -1)), []);
}

export async function A_sequence_waits_until_it_is_asked({ connect }) {
  const socket = await connect();
  const items = [];
  socket.on("stream:next", (id, item) => items.push(item));
  const { stream } = await ask(socket, "count up", 1000, -1);
  assert.deepEqual(await ask(socket, "ends"), []);
  assert.deepEqual(items, []);
  socket.emit("stream:pull", stream, 5);
  while (items.length < 5) {
    await next(socket, "stream:next");
  }
  assert.equal(await ask(socket, "add", 1, 2), 3);
  assert.equal(items.length, 5);
}

export async function A_sequence_may_be_given_up_and_may_fail({ connect }) {
  const socket = await connect();
  for await (const item of read(socket, "count up", 1_000_000, -1)) {
    if (item === 20) {
      break;
    }
  }
  while ((await ask(socket, "ends")).length < 1);
  await assert.rejects(collect(read(socket, "count up", 10, 4)), (error) => {
    assert.deepEqual([error.message, error.code, error.data], ["no more", "BOOM", { sent: 4 }]);
    return true;
  });
  const lost = collect(read(socket, "count up", 1_000_000, -1));
  await Promise.all([assert.rejects(lost, /disconnected/), reconnected(socket)]);
}

export async function A_client_sends_a_sequence_when_it_is_asked({ connect }) {
  const socket = await connect();
  assert.equal(await ask(socket, "sum", send(socket, [1, 2, 3]), 0), 6);
  const hundred = Array.from({ length: 100 }, (_, i) => i);
  assert.equal(await ask(socket, "sum", send(socket, hundred), 0), 4950);
  assert.equal(await ask(socket, "sum", send(socket, []), 0), 0);
  let made = 0;
  const endless = (async function* () {
    try {
      for (;;) {
        yield ++made;
      }
    } finally {
      made = -1;
    }
  })();
  assert.equal(await ask(socket, "sum", send(socket, endless), 10), 55);
  while (made >= 0) {
    await ask(socket, "ends"); // the server has told it to stop
  }
  const failing = (function* () {
    yield 1;
    throw new Error("broken");
  })();
  assert.equal((await ask(socket, "sum", send(socket, failing), 0)).error.code, "STREAM_ABORTED");
  assert.equal((await ask(socket, "sum", send(socket, ["no number"]), 0)).error.code, "BAD_ARGUMENT");
  assert.equal((await ask(socket, "sum", 5, 0)).error.code, "BAD_ARGUMENT");
  assert.deepEqual(await collect(read(socket, "double", send(socket, hundred))), hundred.map((number) => 2 * number));
}

async function collect(items) {
  const all = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}

// As in docs/guide/streams.md.
async function* read(socket, event, ...args) {
  const answer = await socket.emitWithAck(event, ...args);
  if (answer?.error) throw Object.assign(new Error(answer.error.message), answer.error);
  const items = [];
  let taken = 0, isOver = false, failure, wake;
  const listeners = {
    "stream:next": (id, item) => id === answer.stream && items.push(item),
    "stream:end": (id) => (isOver ||= id === answer.stream),
    "stream:error": (id, { error }) => id === answer.stream && ((isOver = true), (failure = error)),
    disconnect: () => ((isOver = true), (failure = { message: "disconnected" })),
  };
  for (const name in listeners) socket.on(name, listeners[name]).on(name, signal);
  try {
    for (socket.emit("stream:pull", answer.stream, 32); ; ) {
      while (items.length > 0) {
        yield items.shift();
        if (++taken % 16 === 0) socket.emit("stream:pull", answer.stream, 16);
      }
      if (failure) throw Object.assign(new Error(failure.message), failure);
      if (isOver) return;
      await new Promise((resolve) => (wake = resolve));
    }
  } finally {
    for (const name in listeners) socket.off(name, listeners[name]).off(name, signal);
    if (!isOver) socket.emit("stream:cancel", answer.stream);
  }

  function signal() {
    wake?.();
  }
}

function send(socket, items) {
  const id = (send.last = (send.last ?? 0) + 1);
  const reading = items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]();
  let asked = 0, isBusy = false;
  socket.on("stream:pull", pull).on("stream:cancel", cancel).on("disconnect", stop);
  return { stream: id };

  async function pull(of, count) {
    if (of !== id) return;
    asked += count;
    if (isBusy) return;
    for (isBusy = true; asked > 0; asked--) {
      try {
        const { done, value } = await reading.next();
        if (asked <= 0) return;
        if (done) return end("stream:end");
        socket.emit("stream:next", id, value);
      } catch (error) {
        return end("stream:error", error.message);
      }
    }
    isBusy = false;
  }

  function cancel(of) {
    if (of === id) stop();
  }

  function stop() {
    asked = -Infinity;
    reading.return?.();
    socket.off("stream:pull", pull).off("stream:cancel", cancel).off("disconnect", stop);
  }

  function end(event, ...args) {
    socket.emit(event, id, ...args);
    stop();
  }
}
