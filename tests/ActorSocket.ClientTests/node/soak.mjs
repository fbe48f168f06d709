// The clients of tests/ActorSocket.Soak: everything at once, for as long as the test wants, with what may never happen checked all the time.
// Told by the test: "killed TAG" (kill -9 of the node whose ids begin so), "leaving" (one is stopped), "whole" (the nodes are one cluster again), "go on" at the end.
import { Manager } from "socket.io-client";
import { say } from "./harness.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const below = (n) => Math.floor(Math.random() * n);
const pick = (list) => list[below(list.length)];
const transports = [["websocket"], ["polling", "websocket"], ["polling"]];
const home = (id) => id.slice(0, 6);

/** What was sent and what became of it, and what was heard of it: a gap is judged once both are known. */
class Judge {
  killed = new Map(); // tag → when
  problems = [];
  counts = { sent: 0, acked: 0, unsure: 0, heard: 0, recovered: 0, anew: 0, churned: 0, cut: 0, calls: 0, ticks: 0, stalled: 0, asked: 0, startedAnew: 0 };
  #gaps = [];
  #acked = new Map(); // sender's id → numbers acknowledged

  problem(text) {
    if (this.problems.length < 100) {
      this.problems.push(`${new Date().toISOString()} ${text}`);
    }
  }

  /** An event that the server has emitted: whoever was in the room has to get it. */
  acknowledged(id, n) {
    this.counts.acked++;
    this.#acked.get(id)?.add(n) ?? this.#acked.set(id, new Set([n]));
  }

  gap(receiver, homes, sender, from, to) {
    this.#gaps.push({ receiver, homes, sender, from, to, at: Date.now() });
  }

  /** An event on its way from or to a node that is killed may be lost (G6); nothing else may. */
  review(all = false) {
    const now = Date.now();
    const due = this.#gaps.filter((gap) => all || now - gap.at > 30_000);
    this.#gaps = this.#gaps.filter((gap) => !due.includes(gap));
    for (const { receiver, homes, sender, from, to } of due) {
      if ([...homes, home(sender)].some((tag) => this.killed.has(tag))) {
        continue;
      }
      const missed = [];
      for (let n = from; n < to; n++) {
        if (this.#acked.get(sender)?.has(n)) {
          missed.push(n);
        }
      }
      if (missed.length) {
        this.problem(`${receiver} missed ${missed.slice(0, 5)} of ${sender}, which were acknowledged`);
      }
    }
    if (this.#acked.size > 5_000) { // sockets that are long gone
      this.#acked = new Map([...this.#acked].slice(-2_500));
    }
  }
}

/** Joins a room, talks there, checks what it hears; loses its connection now and then, with a goodbye and without. */
class Talker {
  #heard = new Map(); // sender's id → last number, all of late, and by which node it was emitted
  #n = new Map(); // room → next number
  #homes = new Set();
  #id;
  #past = []; // how it came by its socket, for who reads of a problem

  constructor(url, judge, index, rooms) {
    this.judge = judge;
    this.room = `room-${index % rooms}`;
    this.kind = transports[index % transports.length];
    this.name = `talker ${index} (${this.kind})`;
    this.manager = new Manager(url, { transports: this.kind, reconnectionDelay: 100, reconnectionDelayMax: 1_000, timeout: 4_000 });
    const socket = (this.socket = this.manager.socket("/"));
    this.manager.on("open", () => this.#note(`opened with pid ${socket._pid} offset ${socket._lastOffset}, ${socket.receiveBuffer.length} waiting`));
    socket.on("connect", () => this.#connected());
    socket.on("disconnect", (reason) => {
      this.#note(`${reason} at ${socket._lastOffset}`);
      this.joined = undefined;
      if (reason === "io server disconnect") {
        socket.connect();
      }
    });
    socket.on("said", (what, by, offset) => this.#hear(what, by, offset));
    socket.on("question", (what, answer) => answer(what));
  }

  #note(what) {
    this.#past = [...this.#past.slice(-15), `${new Date().toISOString().slice(14, 23)} ${what}`];
  }

  async #connected() {
    const { socket, judge } = this;
    const id = socket.id;
    this.#note(`${socket.recovered ? "recovered" : "new"} ${id} at ${socket._lastOffset}`);
    if (socket.recovered) {
      judge.counts.recovered++;
      if (this.#id !== id) {
        judge.problem(`${this.name} recovered ${id}, and was ${this.#id}`);
      }
    } else {
      judge.counts.anew++;
      this.#heard.clear();
      this.#n.clear();
      this.#homes.clear();
    }
    this.#id = id;
    this.#homes.add(home(id));
    if (!socket.recovered) {
      await socket.timeout(15_000).emitWithAck("join", this.room).catch(() => {});
      if (socket.id !== id) {
        return;
      }
    }
    this.joined = id;
  }

  #hear({ id, n }, by, offset) {
    this.judge.counts.heard++;
    const { last, by: byLast, all } = this.#heard.get(id) ?? { all: new Set() };
    const again = all.has(n);
    this.#heard.set(id, { last: Math.max(n, last ?? n), by, all: all.size < 500 ? all.add(n) : new Set([...all].slice(-250)).add(n) });
    if (last !== undefined && n <= last) {
      this.judge.problem(`${this.name} got ${n} of ${id} ${again ? "again" : "late"} after ${last}, by ${by} after ${byLast}, as ${offset}; before: ${this.#past.splice(0).join("; ")}`);
    } else if (last !== undefined && n > last + 1) {
      this.#note(`gap of ${id} from ${last} by ${byLast} to ${n} by ${by} at ${offset}`);
      this.judge.gap(`${this.name} ${this.#id}`, [...this.#homes], id, last + 1, n);
    }
    if (this.#heard.size > 2_000) {
      this.#heard = new Map([...this.#heard].slice(-1_000));
    }
  }

  async talk() {
    const { socket, judge, room } = this;
    const id = this.joined;
    if (!id || socket.id !== id || !socket.connected) {
      return;
    }
    const n = this.#n.get(room) ?? 0;
    this.#n.set(room, n + 1);
    judge.counts.sent++;
    const sent = Date.now();
    try {
      const answer = await socket.timeout(30_000).emitWithAck("talk", room, { id, n, text: "x".repeat(below(10) ? 50 : 5_000) });
      if (answer !== true) {
        judge.problem(`${this.name} was answered ${JSON.stringify(answer)}`);
      }
      judge.acknowledged(id, n);
    } catch {
      judge.counts.unsure++;
      // A connection that lived all the while owes the answer.
      if (socket.id === id && socket.connected && Date.now() - sent >= 30_000 && this.joined === id && this.#since < sent) {
        judge.problem(`${this.name} ${id} got no answer to ${n}`);
      }
    }
  }

  #since = 0;

  /** Ends the connection as a network or a page would. */
  cut() {
    this.judge.counts.cut++;
    this.#since = Date.now();
    const engine = this.manager.engine;
    const tcp = engine?.transport?.ws?._socket;
    if (tcp && below(2)) {
      tcp.resetAndDestroy();
    } else if (below(4)) {
      // Not during its upgrade: the client ends then with the poll that brings events, hands these on after the end, and so keeps them for the next time.
      if (!engine?.upgrading) {
        engine?.close();
      }
    } else {
      this.socket.disconnect().connect();
    }
  }

  /** A broadcast with acknowledgements: everybody in the room answers, or the time is over. */
  async askRoom() {
    if (!this.joined) {
      return;
    }
    this.judge.counts.asked++;
    const question = `q${below(1e9)}`;
    const answer = await this.socket.timeout(25_000).emitWithAck("ask room", this.room, 5_000, question).catch(() => null);
    if (answer && answer.answers.some((one) => one !== question)) {
      this.judge.problem(`${this.name} asked ${question} and got ${JSON.stringify(answer)}`);
    }
  }

  close = () => this.socket.disconnect();
}

/** Connects, is answered, and goes: with a goodbye, or by a reset. */
async function churn(url, judge) {
  const socket = new Manager(url, { transports: pick(transports), reconnection: false, timeout: 10_000 }).socket(pick(["/", "/lobby"]));
  const given = Uint8Array.from({ length: below(2_000) }, () => below(256));
  try {
    const answer = await socket.timeout(20_000).emitWithAck("ask", given, "text");
    if (Buffer.compare(Buffer.from(answer), Buffer.from(given)) !== 0) {
      judge.problem("an acknowledgement had other bytes than were sent");
    }
    judge.counts.churned++;
  } catch {
    // Its node was ended.
  }
  const tcp = socket.io.engine?.transport?.ws?._socket;
  below(3) || !tcp ? socket.disconnect() : tcp.resetAndDestroy();
  socket.io._close();
}

/** Asks for much and does not read it. */
async function stall(url, judge) {
  const socket = new Manager(url, { transports: ["websocket"], reconnection: false }).socket("/");
  await Promise.race([new Promise((resolve) => socket.on("connect", resolve)), pause(10_000)]);
  const tcp = socket.io.engine?.transport?.ws?._socket;
  if (tcp && socket.connected) {
    judge.counts.stalled++;
    socket.emit("flood", 20_000, 2_000);
    tcp.pause();
    await pause(15_000);
    tcp.resetAndDestroy();
  }
  socket.io._close();
}

/** Calls an entity: what it has counted goes up by each call, on whichever node it lives. */
class Caller {
  #last = 0;
  #killsSeen = 0;
  ticked; // when it last did: it has not been started before its first call
  said = "nothing"; // what came of the last call
  tick = "none";

  constructor(judge, index) {
    this.judge = judge;
    this.id = `entity-${index}`;
  }

  async call(socket) {
    const kills = this.judge.killed.size;
    let value;
    try {
      value = await socket.timeout(30_000).emitWithAck("call counter", this.id);
    } catch {
      this.said = `no answer at ${new Date().toISOString()}`;
      return this.#unsure();
    }
    this.said = `${value} at ${new Date().toISOString()}`;
    if (typeof value !== "number") {
      return this.#unsure(); // its node is on its way out: told, and not counted or counted
    }
    this.judge.counts.calls++;
    this.ticked ??= Date.now();
    // A killed node takes with it what was not saved.
    if (value <= this.#last) {
      if (this.judge.killed.size > this.#killsSeen) {
        this.judge.counts.startedAnew++;
      } else {
        this.judge.problem(`${this.id} counted ${value} after ${this.#last}`);
      }
    }
    this.#killsSeen = kills;
    this.#last = value;
  }

  #unsure() {
    this.judge.counts.unsure++;
  }

  /** Entities tick although nobody calls them. */
  heardTick(by, count) {
    this.judge.counts.ticks++;
    this.ticked = Date.now();
    this.tick = `${count} on ${by}`;
  }
}

/** Whoever says "running" is told what happens to the nodes, line by line, and at last to stop. */
export async function soak({ url, lines }) {
  const clients = Number(process.env.CLIENTS ?? 36);
  const pace = Number(process.env.PACE ?? 1); // how much longer they rest than they might
  const judge = new Judge();
  let running = true;
  let whole = Date.now();

  const resting = new Map(); // at a slow pace a pause is minutes long: the end cuts it short
  const rest = (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        resting.delete(timer);
        resolve();
      }, ms);
      resting.set(timer, resolve);
    });
  const stop = () => {
    running = false;
    for (const [timer, resolve] of resting) {
      clearTimeout(timer);
      resolve();
    }
    resting.clear();
  };
  void (async () => {
    for await (const line of lines) {
      const [word, tag] = line.split(" ");
      if (word === "killed") {
        judge.killed.set(tag, Date.now());
      }
      whole = word === "whole" ? Date.now() : Infinity;
      if (word === "go") stop();
    }
    stop();
  })();

  /** Runs something again and again, each time after a pause that scatters around the given one. */
  const loop = async (ms, work) => {
    while (running) {
      await rest(ms * pace * (0.5 + Math.random()));
      if (running) await work();
    }
  };

  const talkers = Array.from({ length: clients }, (_, i) => new Talker(url, judge, i, Math.max(2, clients / 6)));
  const callers = Array.from({ length: 12 }, (_, i) => new Caller(judge, i));
  const watcher = new Manager(url, { transports: ["websocket"], reconnectionDelay: 50, reconnectionDelayMax: 200 }).socket("/");
  watcher.on("connect", () => watcher.emit("join", "ticks"));
  watcher.on("ticked", (count, id, by) => callers.find((caller) => caller.id === id)?.heardTick(by, count));
  let ticking = Date.now();
  watcher.on("connect", () => (ticking = Date.now()));

  say({ signal: "running" });
  const work = [
    ...talkers.map((talker) => loop(150, () => void talker.talk())),
    loop(700, () => pick(talkers).cut()),
    loop(500, () => void pick(talkers).askRoom()),
    ...Array.from({ length: 4 }, () => loop(100, () => churn(url, judge))),
    loop(5_000, () => stall(url, judge)),
    // Half of the entities are called often, the others hardly ever: they live on by themselves.
    ...callers.map((caller, i) => loop(i % 2 ? 500 : 40_000, () => caller.call(pick(talkers).socket))),
    loop(1_000 / pace, () => judge.review()),
    loop(1_000 / pace, () => {
      for (const caller of callers) {
        const since = Math.max(caller.ticked, ticking, whole);
        if (caller.ticked && watcher.connected && Date.now() - since > 20_000) {
          judge.problem(`${caller.id} has not ticked for ${Date.now() - caller.ticked} ms; its last tick: ${caller.tick}; its last call: ${caller.said}; heard on ${watcher.id}`);
          caller.ticked = Date.now();
        }
      }
    }),
    loop(5_000 / pace, () => say({ signal: "counts", ...judge.counts, problems: judge.problems.splice(0) })),
  ];
  await Promise.all(work);
  await pause(32_000); // the last answers, or the ends of their time
  judge.review(true);
  talkers.forEach((talker) => talker.close());
  watcher.disconnect();
  return { ...judge.counts, problems: judge.problems };
}
