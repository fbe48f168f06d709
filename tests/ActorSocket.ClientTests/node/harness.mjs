// What every case is given: sockets of the official client, bounded waits, and signals to and from the xunit test.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const bound = 15_000;
const transports = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };

/** Fails with the name of what never came, so that a red test says what is missing. */
export function within(promise, what, ms = bound) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The arguments of the next such event; armed when called. */
export function next(emitter, event, what = `the event "${event}"`, ms = bound) {
  return within(new Promise((resolve) => emitter.once(event, (...args) => resolve(args))), what, ms);
}

/** Loses the connection as a network would, without a goodbye, and waits until the client is back. */
export async function reconnected(socket) {
  const [down, up] = [next(socket, "disconnect"), next(socket, "connect", "the reconnection")];
  socket.io.engine.close();
  await Promise.all([down, up]);
}

/** Emits and waits for the acknowledgement. */
export function ask(socket, event, ...args) {
  return within(socket.emitWithAck(event, ...args), `the acknowledgement of "${event}"`);
}

/** Records every event of a socket, in order. `until(name)` gives all that came before the fence of that name. */
export class Inbox {
  #waiting = [];
  events = [];

  constructor(socket, ...leftOut) {
    socket.onAny((...event) => {
      if (leftOut.includes(event[0])) {
        return;
      }
      this.events.push(event);
      this.#waiting = this.#waiting.filter((waiter) => !waiter());
    });
  }

  async until(name) {
    const at = () => this.events.findIndex((event) => event[0] === name);
    await this.#when(() => at() >= 0, `the event "${name}"`);
    return this.events.splice(0, at() + 1).slice(0, -1);
  }

  async take(count) {
    await this.#when(() => this.events.length >= count, () => `${count} events; ${this.events.length} came`);
    return this.events.splice(0, count);
  }

  async #when(ready, what) {
    if (ready()) {
      return;
    }
    let timer;
    await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`waited ${bound} ms for ${typeof what === "string" ? what : what()}`)), bound);
      this.#waiting.push(() => ready() && (resolve(), true));
    }).finally(() => clearTimeout(timer));
  }
}

/** The engine of the socket's connection, once it has the WebSocket. */
export async function upgraded(socket) {
  const engine = socket.io.engine;
  if (engine.transport.name !== "websocket") {
    await next(engine, "upgrade", "the upgrade to WebSocket");
  }
  return engine;
}

export class Context {
  #managers = new Set();
  lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

  constructor({ url, mode, ...rest }) {
    this.url = url;
    this.mode = mode;
    Object.assign(this, rest);
  }

  /** A connected socket on a connection of its own. */
  connect = async (namespace = "/", options = {}) => {
    const socket = this.open(namespace, options);
    await connected(socket);
    return socket;
  };

  /** The same, not awaited. */
  open = (namespace = "/", options = {}, url = this.url) => {
    const socket = io(url + namespace, { transports: transports[this.mode], forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
    this.#managers.add(socket.io);
    return socket;
  };

  /** A connected socket of another namespace on the connection of `other`. */
  join = async (other, namespace, options = {}) => {
    const socket = other.io.socket(namespace, options);
    await connected(socket);
    return socket;
  };

  /** Tells the xunit test that this point is reached, and waits until it has done its part. */
  signal = async (name, data = {}) => {
    say({ signal: name, ...data });
    const { done } = await within(this.lines.next(), `the test's answer to "${name}"`, 180_000);
    if (done) {
      throw new Error(`the test went away before it answered "${name}"`);
    }
  };

  /** What holds at the end of every case: who could upgrade has upgraded. */
  finish = async () => {
    for (const manager of this.#managers) {
      const socket = [...Object.values(manager.nsps)].find((one) => one.connected);
      if (this.mode === "upgrade" && socket) {
        await upgraded(socket);
      }
      for (const one of Object.values(manager.nsps)) {
        one.disconnect();
      }
    }
  };
}

export function connected(socket) {
  if (socket.connected) {
    return;
  }
  const manager = socket.io;
  return within(
    new Promise((resolve, reject) => {
      const stop = () => {
        socket.off("connect", up).off("connect_error", down);
        manager.off("reconnect_failed", down);
      };
      const up = () => (stop(), resolve());
      const down = (error) => (stop(), reject(new Error(`could not connect to ${socket.nsp}: ${error?.message} ${error?.description ?? ""}`)));
      socket.on("connect", up).on("connect_error", down);
    }),
    `the connection to ${socket.nsp}`,
  );
}

export function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
