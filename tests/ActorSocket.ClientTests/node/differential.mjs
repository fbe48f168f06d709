// Random actions of real clients, done to the official server and to ours: the clients must see the same, and so must the handlers on the servers.
// A sequence is known by seed and number. What is compared: for each client and namespace, in order, what came; and what the server noted of its sockets.
// Left to other tests, since the two differ by design (docs/COMPATIBILITY.md): handlers that wait, lone surrogates, an empty list of rooms, connect() twice at once.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { Manager } from "socket.io-client";
import { within } from "./harness.mjs";

const transports = [["polling"], ["websocket"], ["polling", "websocket"]];
const patience = 10_000;

/** A generator of numbers below 1 from a text: mulberry32. */
function randomOf(text) {
  let state = [...text].reduce((hash, c) => Math.imul(hash ^ c.charCodeAt(0), 16777619) >>> 0, 2166136261);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Makes the program of a sequence: its clients, and steps of one to four actions of one of them. */
class Generator {
  constructor(seed, number) {
    this.random = randomOf(`${seed}:${number}`);
    this.name = `${seed}x${number}`;
  }

  below = (n) => Math.floor(this.random() * n);
  pick = (list) => list[this.below(list.length)];
  chance = (p) => this.random() < p;
  some = (list, p = 0.4) => list.filter(() => this.chance(p));

  program() {
    const spaces = ["/", `/d-${this.name}`, `/guarded-${this.name}`];
    const answers = this.chance(0.2) ? ["nothing"] : ["text", "binary"]; // all or none: an answer that is late because a machine is busy proves nothing
    const clients = Array.from({ length: 1 + this.below(3) }, (_, i) => ({
      who: `${this.name} ${i}`,
      transports: this.pick(transports),
      answers: this.pick(answers),
      spaces: [this.pick(spaces.slice(0, 2)), ...this.some(spaces, 0.3)].filter((s, at, all) => all.indexOf(s) === at),
      token: this.chance(0.7) ? "good" : "bad",
    }));
    const steps = Array.from({ length: 2 + this.below(7) }, () => {
      const client = this.below(clients.length);
      const space = this.pick(clients[client].spaces);
      return { client, space, actions: this.actions(clients, space) };
    });
    return { name: this.name, clients, steps };
  }

  /** Actions that a client does at once. What waits for answers of clients, and what ends a connection, stands last. */
  actions(clients, space) {
    const alone = this.random();
    if (alone < 0.1) {
      return [["publish", { ...this.target(), volatile: true }, this.value()]]; // goes only to who is ready
    }
    if (alone < 0.15) {
      return [["seen"]]; // catch-all listeners of the official server are ahead of its handlers
    }
    if (alone < 0.2) {
      return [["fetch", space === "/" ? [this.room()] : this.some(this.rooms, 0.3)]]; // others are in "/" too
    }
    if (alone < 0.28) {
      // The official server may drop what comes in one read with the end; what is said behind it waits for the next connection.
      return [[this.pick(["/disconnect", "/drop"])], ...(this.chance(0.5) ? [["echo", "later"], ["first", "later"]] : [])];
    }
    const actions = Array.from({ length: 1 + this.below(4) }, () => this.plain());
    const last = this.random();
    const patient = clients[0].answers === "nothing" ? 50 : patience;
    if (last < 0.08) {
      actions.push(["question me", patient, ...this.values()]);
    } else if (last < 0.16) {
      actions.push(["question room", patient, this.room(), ...this.values()]);
    } else if (last < 0.2) {
      actions.push(["kick", this.chance(0.3)]);
    } else if (last < 0.23) {
      actions.push(["farewell", "goodbye"]);
    } else if (last < 0.26) {
      actions.push(["manage", "disconnect", [this.room()], ""]);
    }
    return actions;
  }

  plain() {
    const kinds = [
      () => ["echo", ...this.values()],
      () => ["echo", ...this.values()],
      () => ["ask", ...this.values()],
      () => ["first", this.value()],
      () => ["twice"],
      () => ["message", ...this.values()],
      () => ["rewritten", ...this.values()],
      () => ["forbidden", ...this.values()],
      () => ["once", this.value()],
      () => ["listen", this.pick(["news", "1", "ünï-🙂"])],
      () => ["forget", this.pick(["news", "1"])],
      () => [this.pick(["news", 1, "ünï-🙂", "", "toString", "__proto__"]), ...this.values()],
      () => ["silent within", this.below(30)],
      () => ["join", this.room()],
      () => ["join", this.room()],
      () => ["leave", this.room()],
      () => ["rooms"],
      () => ["publish", this.target(), ...this.values()],
      () => ["publish", this.target(), ...this.values()],
      () => ["publish", this.target(), ...this.values()],
      () => ["manage", this.pick(["join", "leave"]), [this.room()], this.room()],
      () => ["remember", "fact", this.value(true)],
      () => ["many", this.below(40)],
    ];
    return this.pick(kinds)();
  }

  get rooms() {
    return ["red", "blue", "g reen"].map((room) => `${this.name} ${room}`);
  }

  room = () => this.pick(this.rooms);

  /** Rooms bear the sequence's name: in "/" nobody else's clients are reached. */
  target() {
    const rooms = this.some(this.rooms, 0.5);
    return { via: this.pick(["socket", "in"]), rooms: rooms.length ? rooms : [this.room()], except: this.some(this.rooms, 0.2), volatile: false };
  }

  values = () => Array.from({ length: this.below(4) }, () => this.value());

  value(isText = false, depth = 0) {
    const kinds = [
      () => null,
      () => this.chance(0.5),
      () => this.below(1000) - 500,
      () => this.pick([0, -0, 0.1, 1e21, -1.5e-7, 9007199254740993, 12345678901234567890, Number.MAX_VALUE]),
      () => this.pick(["", "text", "ünï", "🙂", "\u0000\u001f\u007f\u2028", "\"\\/\b\n", "<script>&'+", " ", "451-[]", "😀".repeat(50), "\ufeff", "x".repeat(this.below(3000))]),
      () => this.pick(["2026-11-29", new Date(1e12), undefined, NaN]),
      () => ({ _placeholder: false, num: 0 }),
    ];
    if (!isText) {
      kinds.push(() => this.bytes(), () => this.bytes());
    }
    if (depth < 4) {
      kinds.push(
        () => Array.from({ length: this.below(4) }, () => this.value(isText, depth + 1)),
        () => Object.fromEntries(Array.from({ length: this.below(4) }, () => [this.pick(["a", "b", "constructor", "", "ключ", "num", "A"]), this.value(isText, depth + 1)])),
      );
    }
    return this.pick(kinds)();
  }

  bytes() {
    const bytes = Uint8Array.from({ length: this.pick([0, 1, 2, 3, 8, 100, 2000]) }, () => this.below(256));
    return this.chance(0.3) ? bytes.buffer : bytes;
  }
}

/** Plays a program against one server, and keeps what was seen. */
class Player {
  #sockets = new Map(); // "client space" → socket
  #seen = {};
  #ids = new Map();

  constructor(program, url, watch) {
    this.program = program;
    this.url = url;
    this.watch = watch;
  }

  async play() {
    await this.#ask(this.watch, "begin", this.program.name);
    this.managers = this.program.clients.map((client) => new Manager(this.url, { transports: client.transports, reconnectionDelay: 5, reconnectionDelayMax: 20, randomizationFactor: 0 }));
    try {
      for (const i of this.program.clients.keys()) {
        await this.#open(i);
      }
      await this.#sync();
      for (const step of this.program.steps) {
        await this.#step(step);
      }
      await this.#sync();
      for (const socket of this.#sockets.values()) {
        socket.disconnect();
      }
      const journal = await this.#settled();
      return { ...this.#seen, ...this.#bySocket(journal) };
    } finally {
      this.watch.emit("end", this.program.name);
      this.managers.forEach((manager) => manager._close());
    }
  }

  async #open(index) {
    const client = this.program.clients[index];
    for (const space of client.spaces) {
      const key = `${index} ${space}`;
      const seen = (this.#seen[key] = []);
      seen.timeouts = this.#seen[`${key}, timeouts`] = [];
      const socket = this.managers[index].socket(space, { auth: { who: client.who, token: client.token } });
      this.#sockets.set(key, socket);
      socket.on("connect", () => {
        this.#ids.set(socket.id, `<${key}>`);
        seen.push(["connect"]);
      });
      socket.on("connect_error", (error) => seen.push(["connect_error", error.message, this.#named(error.data)]));
      socket.on("disconnect", (reason) => seen.push(["disconnect", reason]));
      socket.on("question", (...args) => {
        const answer = args.pop();
        seen.push(["question", ...args.map(this.#named)]);
        if (client.answers !== "nothing") {
          answer(client.answers === "binary" ? new Uint8Array([index]) : `answer of ${index}`);
        }
      });
      socket.onAny((name, ...args) => {
        // Whether a client by polling is ready is chance.
        if (name !== "question" && !(name === "published" && this.volatile && client.transports[0] === "polling")) {
          seen.push([name, ...args.map(this.#named)]);
        }
      });
      await this.#answered(socket);
    }
  }

  /** Until the namespace has let the socket in or not. */
  #answered = (socket) =>
    within(new Promise((resolve) => {
      if (socket.connected) {
        return resolve();
      }
      const done = () => (socket.off("connect", done).off("connect_error", done), resolve());
      socket.on("connect", done).on("connect_error", done);
    }), `an answer of ${socket.nsp} in ${this.program.name}`, patience);

  async #step({ client, space, actions }) {
    const key = `${client} ${space}`;
    const socket = this.#sockets.get(key);
    if (!socket.connected) {
      if (this.program.clients[client].token === "bad" && space.startsWith("/guarded")) {
        return;
      }
      socket.connect();
      await this.#answered(socket);
      await this.#sync();
    }
    this.volatile = actions[0][1]?.volatile === true;
    const seen = this.#seen[key];
    const waits = [];
    for (const [at, [name, ...args]] of actions.entries()) {
      switch (name) {
        case "ask": case "first": case "twice": case "seen": case "rooms": case "fetch": case "join": case "leave": case "manage": {
          const heard = (...answer) => seen.push([`answer to ${name} ${at}`, ...answer.map(this.#named).map(sorted(name))]);
          // A socket that its client has disconnected sends it when it is connected again, in a later step or never.
          socket.active ? waits.push(this.#ask(socket, name, ...args, heard)) : socket.emit(name, ...args, heard);
          break;
        }
        case "silent within":
          waits.push(new Promise((resolve) => socket.timeout(args[0]).emit("silent", (error) => resolve(seen.timeouts.push(error ? "timeout" : "answer")))));
          break;
        case "question me": waits.push(this.#next(socket, "answered")); socket.emit(name, ...args); break;
        case "question room": waits.push(this.#next(socket, "answered by")); socket.emit(name, ...args); break;
        case "kick": case "farewell": waits.push(this.#next(socket, "disconnect")); socket.emit(name, ...args); break;
        case "/disconnect": socket.disconnect(); break;
        case "/drop": {
          const down = this.#next(socket, "disconnect"); // by polling it sends a last request first
          socket.io.engine.close();
          await within(down, `the end of a connection in ${this.program.name}`, patience);
          break;
        }
        default: socket.emit(name, ...args);
      }
    }
    await within(Promise.all(waits), `what ${JSON.stringify(actions)} waits for in ${this.program.name}`, patience);
    const ends = actions.find(([name, what]) => ["kick", "farewell", "/disconnect", "/drop"].includes(name) || (name === "manage" && what === "disconnect"));
    if (ends) {
      await this.#settled();
    }
    await this.#sync();
  }

  /** Resolves when the event comes, or nothing can come any more. */
  #next = (socket, event) =>
    new Promise((resolve) => {
      const done = () => (socket.off(event, done).off("disconnect", done), resolve());
      socket.on(event, done).on("disconnect", done);
    });

  /** The server has handled what each client sent (the first round), and each client has what came of it (the second). */
  async #sync() {
    for (let round = 0; round < 2; round++) {
      await Promise.all([...this.#sockets.values()].filter((socket) => socket.connected).map((socket) => this.#ask(socket, "ask")));
    }
  }

  /** Both sides agree on which sockets are connected, and whoever lost the connection is back. */
  async #settled() {
    const end = Date.now() + patience;
    for (;;) {
      const journal = await this.#ask(this.watch, "journal", this.program.name);
      const there = (type) => journal.filter((line) => line[3] === type).length;
      const sockets = [...this.#sockets.values()];
      const connected = sockets.filter((socket) => socket.connected).length;
      if (there("connect") - there("disconnect") === connected && sockets.every((socket) => socket.connected || !socket.active || this.#isRefused(socket))) {
        return journal;
      }
      if (Date.now() > end) {
        throw new Error(`${this.program.name}: ${connected} clients are connected; the server has noted ${JSON.stringify(journal)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2)); // the server's journal is asked for, it tells nothing by itself
    }
  }

  #isRefused = (socket) => socket.nsp.startsWith("/guarded") && socket.auth.token === "bad";

  /** The answer to an event; nothing when the connection ends first. */
  #ask = (socket, name, ...args) => {
    const heard = typeof args.at(-1) === "function" ? args.pop() : () => {};
    return within(new Promise((resolve) => {
      const over = (answer) => (socket.off("disconnect", over), resolve(answer));
      socket.emit(name, ...args, (...answer) => {
        heard(...answer);
        over(answer[0]);
      });
      socket.on("disconnect", over);
    }), `the answer to ${name} in ${this.program.name}`, patience);
  };

  /** What the server noted of each socket; the sockets of a client and namespace in their order. */
  #bySocket(journal) {
    const found = {};
    const ids = {};
    for (const [id, who, space, ...what] of journal) {
      const known = (ids[`${who} ${space}`] ??= []);
      const index = known.includes(id) ? known.indexOf(id) : known.push(id) - 1;
      // Whether a connection that is cut ends with FIN or RST depends on what lies unread.
      (found[`server: ${who} ${space}, socket ${index}`] ??= []).push(what.map((one) => (one === "transport error" ? "transport close" : one)));
    }
    return found;
  }

  /** Bytes as text, and ids by whose they are. */
  #named = (value) => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      return `<${Buffer.from(value.buffer ?? value, value.byteOffset ?? 0, value.byteLength).toString("hex")}>`;
    }
    if (Array.isArray(value)) {
      return value.map(this.#named);
    }
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#named(one)]));
    }
    return this.#ids.get(value) ?? value;
  };
}

/** Sets have no order. */
const sorted = (name) => (value) =>
  name === "rooms" && Array.isArray(value) ? value.toSorted()
  : name === "fetch" && Array.isArray(value) ? value.map((one) => ({ ...one, rooms: one.rooms.toSorted() })).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  : name === "seen" ? value.slice(0, value.lastIndexOf("seen")) // what came behind it may be in it
  : value;

/** The places in which the two differ, as text. */
function differences(theirs, ours) {
  const found = [];
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const [a, b] = [order(theirs[key] ?? []), order(ours[key] ?? [])];
    const at = a.findIndex((one, i) => !isDeepStrictEqual(one, b[i]));
    if (at >= 0 || a.length !== b.length) {
      const i = at < 0 ? a.length : at;
      found.push(`${key}, place ${i}:\n    official: ${JSON.stringify(a[i])}\n    ours:     ${JSON.stringify(b[i])}`);
    }
  }
  return found;
}

const brief = (_, value) => (ArrayBuffer.isView(value) ? `${value.length} bytes` : typeof value === "string" ? value.slice(0, 40) : value);

/** Answers to a whole room have no order. */
const order = (list) => list.map((one) => (one[0] === "answered by" ? [one[0], one[1], one[2].toSorted()] : one));

async function startOfficial() {
  const process_ = spawn(process.execPath, [fileURLToPath(new URL("differential-server.mjs", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: process_.stdout });
  const [port] = await within(new Promise((resolve) => lines.once("line", (line) => resolve([line]))), "the official server to listen");
  return { url: `http://127.0.0.1:${port}`, end: () => process_.stdin.end() };
}

async function watcher(url) {
  const manager = new Manager(url, { transports: ["websocket"] });
  const socket = manager.socket("/watch");
  await within(new Promise((resolve) => socket.once("connect", resolve)), `the watcher's connection to ${url}`);
  return socket;
}

export async function Random_sequences_are_the_same_as_on_the_official_server({ url }) {
  const { SEED: seed, SEQUENCES: sequences, ONLY: only } = process.env;
  const official = await startOfficial();
  const [theirs, ours] = [await watcher(official.url), await watcher(url)];
  const compare = async (program) => {
    const [a, b] = await Promise.all([new Player(program, official.url, theirs).play(), new Player(program, url, ours).play()]);
    return differences(a, b);
  };
  const failures = [];
  let next = 0;
  let actions = 0;
  const work = async () => {
    while (next < Number(sequences) && failures.length < 5) {
      const number = only === undefined ? next++ : Number(only);
      if (only !== undefined) {
        next = Number(sequences);
      }
      const program = new Generator(seed, number).program();
      actions += program.steps.reduce((sum, step) => sum + step.actions.length, 0);
      const found = await compare(program).catch((error) => [String(error?.stack ?? error)]);
      if (found.length) {
        failures.push(`sequence ${number} of seed ${seed}:\n  ${found.join("\n  ")}\n  ${JSON.stringify(await smaller(program, compare), brief)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 12 }, work));
  theirs.io._close();
  ours.io._close();
  official.end();
  if (failures.length) {
    throw new Error(failures.join("\n\n"));
  }
  return { sequences: Number(sequences), actions };
}

/** Leaves out steps and actions while the two still differ. */
async function smaller(program, compare) {
  const differs = async (one) => (await compare(one).catch(() => [])).length > 0;
  let tries = 25;
  for (let i = program.steps.length - 1; i >= 0 && tries-- > 0; i--) {
    const one = { ...program, steps: program.steps.filter((_, at) => at !== i) };
    if (await differs(one)) {
      program = one;
    }
  }
  for (let i = 0; i < program.steps.length; i++) {
    for (let j = program.steps[i].actions.length - 1; j >= 0 && tries-- > 0; j--) {
      if (program.steps[i].actions.length === 1) {
        break;
      }
      const steps = program.steps.map((step, at) => (at === i ? { ...step, actions: step.actions.filter((_, a) => a !== j) } : step));
      if (await differs({ ...program, steps })) {
        program = { ...program, steps };
      }
    }
  }
  return program;
}
