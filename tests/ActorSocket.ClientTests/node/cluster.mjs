// Cases that only a cluster has: clients on every node, reached from every node. Run by ActorSocket.ClusterTests.
import assert from "node:assert/strict";
import { ask, Inbox, next, upgraded, within } from "./harness.mjs";

/** The node that a socket lives on, by the beginning of its id. */
const home = (socket) => socket.id.slice(0, 6);

/** Clients, one on each of three nodes. */
async function onEachNode(connect, namespace, options) {
  const found = new Map();
  for (let i = 0; found.size < 3; i++) {
    assert.ok(i < 12, `twelve clients came to ${found.size} nodes only`);
    const socket = await connect(namespace, options);
    if (found.has(home(socket))) {
      socket.disconnect();
    } else {
      found.set(home(socket), socket);
    }
  }
  return [...found.values()];
}

const range = (count, map = (i) => i) => Array.from({ length: count }, (_, i) => map(i));

export async function A_client_upgrades_although_every_request_goes_to_another_node({ connect, mode }) {
  const sids = [];
  for (let round = 0; round < 6; round++) {
    const socket = await connect();
    assert.equal(await ask(socket, "ask", round), round);
    const engine = mode === "upgrade" ? await upgraded(socket) : socket.io.engine;
    assert.equal(engine.transport.name, mode === "polling" ? "polling" : "websocket");
    assert.equal((await ask(socket, "whoami")).transport, engine.transport.name);
    sids.push(engine.id);
  }
  return { sids };
}

export async function A_megabyte_passes_both_ways({ connect }) {
  const socket = await connect();
  const bytes = Buffer.alloc(700_000, "0123456789abcdef"); // as base64 in a POST still below the limit of 1 MB
  const text = "ž".repeat(450_000);
  assert.deepEqual(Buffer.from(await ask(socket, "ask", bytes)), bytes);
  assert.equal(await ask(socket, "ask", text), text);
  if (socket.io.engine.transport.name === "websocket") {
    const large = Buffer.alloc(999_000, 7);
    assert.deepEqual(Buffer.from(await ask(socket, "ask", large)), large);
  }
}

export async function Whoever_has_joined_gets_every_later_broadcast_from_any_node_once_and_in_order({ connect }) {
  const members = await onEachNode(connect);
  const senders = await onEachNode(connect);
  for (let round = 0; round < 10; round++) {
    const room = `round-${round}`;
    const inboxes = members.map((socket) => new Inbox(socket));
    await Promise.all(members.map((socket) => ask(socket, "join", room)));
    // From here on nothing may be missed: every node sends at once, without waiting for anything.
    senders.forEach((socket, from) => range(20, (n) => socket.emit("say", room, { from, n })));
    for (const inbox of inboxes) {
      const said = (await inbox.take(60)).map(([, what]) => what);
      for (let from = 0; from < 3; from++) {
        assert.deepEqual(said.filter((what) => what.from === from).map((what) => what.n), range(20), `round ${round}, sender ${from}`);
      }
    }
    // What might have come twice would be here before the fence.
    await Promise.all(senders.map((socket) => ask(socket, "say", room, "fence")));
    for (const inbox of inboxes) {
      assert.deepEqual((await inbox.take(3)).map(([, what]) => what), ["fence", "fence", "fence"]);
    }
    await Promise.all(members.map((socket) => ask(socket, "leave", room)));
  }
}

export async function Large_broadcasts_keep_their_order_among_small_ones({ connect }) {
  const members = await onEachNode(connect);
  const [sender] = members;
  const inboxes = members.map((socket) => new Inbox(socket));
  await Promise.all(members.map((socket) => ask(socket, "join", "large")));
  const texts = range(12, (i) => String.fromCharCode(97 + i).repeat(i % 3 === 0 ? 300_000 : 10));
  texts.forEach((text) => sender.emit("say", "large", text));
  for (const inbox of inboxes) {
    assert.deepEqual((await inbox.take(texts.length)).map(([, what]) => what), texts);
  }
}

export async function Local_reaches_the_sockets_of_the_emitting_node_only({ connect }) {
  const members = await onEachNode(connect);
  const inboxes = members.map((socket) => new Inbox(socket));
  await Promise.all(members.map((socket) => ask(socket, "join", "here")));
  for (const socket of members) {
    await ask(socket, "say here", "here", home(socket));
  }
  await ask(members[0], "say", "here", "fence");
  for (const [i, inbox] of inboxes.entries()) {
    // The fence comes from node 0 as the others' local events would come from theirs: it proves nothing about them, so ask every node for one.
    assert.deepEqual((await inbox.take(2)).map(([, what]) => what), [home(members[i]), "fence"]);
  }
  for (const socket of members) {
    await ask(socket, "say", "here", "end");
  }
  for (const inbox of inboxes) {
    assert.deepEqual((await inbox.take(3)).map(([, what]) => what), ["end", "end", "end"]);
  }
}

export async function Volatile_events_of_a_broadcast_are_lost_or_in_their_place({ connect }) {
  const members = await onEachNode(connect);
  await Promise.all(members.map((socket) => ask(socket, "join", "ticks")));
  const inboxes = members.map((socket) => new Inbox(socket));
  members[0].emit("say volatile", "ticks", 200);
  for (const inbox of inboxes) {
    const ticks = (await inbox.until("ticked")).map(([, n]) => n);
    assert.deepEqual(ticks, [...ticks].sort((a, b) => a - b));
    assert.equal(new Set(ticks).size, ticks.length);
  }
}

export async function A_broadcast_with_acknowledgements_asks_the_clients_of_all_nodes({ connect }) {
  const members = await onEachNode(connect);
  const [a, b, c] = members;
  await Promise.all(members.map((socket) => ask(socket, "join", "asked")));
  members.forEach((socket, i) => socket.on("question", (what, answer) => (what === "silent" && i === 1 ? undefined : answer(`${what} ${i}`))));
  for (const socket of members) {
    const { timedOut, answers } = await ask(socket, "ask room", "asked", 10_000, "who");
    assert.deepEqual([timedOut, answers.sort()], [false, ["who 0", "who 1", "who 2"]]);
  }
  const { timedOut, answers } = await ask(c, "ask room", "asked", 1_500, "silent");
  assert.deepEqual([timedOut, answers.sort()], [true, ["silent 0", "silent 2"]]);
  assert.deepEqual(await ask(a, "ask room", "nobody", 10_000, "who"), { timedOut: false, answers: [] });
  assert.deepEqual(await ask(a, "ask room", b.id, 10_000, "one"), { timedOut: false, answers: ["one 1"] });
}

export async function FetchSockets_has_the_facts_of_sockets_on_all_nodes({ connect }) {
  const members = await onEachNode(connect, "/lobby", { auth: { token: "t" }, query: { q: "1 ž" } });
  await Promise.all(members.map((socket, i) => ask(socket, "remember", "number", { i })));
  await Promise.all(members.map((socket) => ask(socket, "join", "facts")));
  for (const socket of members) {
    const facts = await ask(socket, "facts", ["facts"]);
    assert.deepEqual(facts.map((one) => one.id).sort(), members.map((one) => one.id).sort());
    for (const one of facts) {
      const i = members.findIndex((member) => member.id === one.id);
      assert.deepEqual(one.data, { number: { i } });
      assert.deepEqual(one.rooms, [one.id, "facts"].sort((x, y) => (x < y ? -1 : 1)));
      assert.deepEqual(one.auth, { token: "t" });
      assert.equal(one.query.q, "1 ž");
      assert.equal(one.address, "127.0.0.1");
    }
  }
}

export async function Sockets_of_other_nodes_are_moved_and_disconnected({ connect }) {
  const members = await onEachNode(connect);
  const [a, b, c] = members;
  await ask(a, "manage", "join", [b.id], "moved");
  await ask(b, "manage", "join", [c.id], "moved");
  for (const socket of members) {
    assert.deepEqual((await ask(socket, "fetch", ["moved"])).sort(), [b.id, c.id].sort());
  }
  const inboxes = [b, c].map((socket) => new Inbox(socket));
  await ask(a, "say", "moved", "to the moved");
  for (const inbox of inboxes) {
    assert.deepEqual(await inbox.take(1), [["said", "to the moved"]]);
  }
  await ask(c, "manage", "leave", [b.id], "moved");
  assert.deepEqual(await ask(a, "fetch", ["moved"]), [c.id]);
  const gone = next(c, "disconnect");
  await ask(a, "manage", "disconnect", ["moved"], "");
  assert.equal((await gone)[0], "io server disconnect");
  assert.deepEqual((await ask(b, "fetch", [])).sort(), [a.id, b.id].sort());
  return { reasons: {} };
}

export async function Servers_ask_and_tell_each_other({ connect }) {
  const members = await onEachNode(connect);
  for (const socket of members) {
    const others = members.map(home).filter((tag) => tag !== home(socket));
    assert.deepEqual((await ask(socket, "who is there")).sort(), others.sort());
  }
  assert.match(await ask(members[0], "who is mute", 300), /Exception$/);
  await Promise.all(members.map((socket) => ask(socket, "join", "told")));
  const inboxes = members.map((socket) => new Inbox(socket));
  await ask(members[0], "tell all", "told", 7);
  await ask(members[1], "tell all", "told", 8);
  for (const [i, inbox] of inboxes.entries()) {
    // An event between servers runs at the others, not at home.
    const expected = [["told", home(members[i]), 7], ["told", home(members[i]), 8]].filter((_, from) => from !== i);
    assert.deepEqual((await inbox.take(expected.length)).sort(), expected);
  }
}

export async function A_dynamic_namespace_is_one_on_all_nodes({ connect }) {
  const members = await onEachNode(connect, "/room-77");
  await Promise.all(members.map((socket) => ask(socket, "join", "blue")));
  const inboxes = members.map((socket) => new Inbox(socket));
  await ask(members[2], "publish", { via: "server", to: ["blue"] }, "news", 1);
  await ask(members[2], "publish", { via: "server" }, "news", 2);
  for (const inbox of inboxes) {
    assert.deepEqual(await inbox.take(2), [["news", 1], ["news", 2]]);
  }
  assert.equal((await ask(members[0], "fetch", [])).length, 3);
}

export async function A_private_message_finds_its_socket_from_every_node({ connect }) {
  const members = await onEachNode(connect);
  const inboxes = members.map((socket) => new Inbox(socket));
  for (const [from, socket] of members.entries()) {
    for (const to of members) {
      await ask(socket, "publish", { via: "server", to: [to.id] }, "private", from);
    }
  }
  for (const inbox of inboxes) {
    assert.deepEqual((await inbox.take(3)).map(([, from]) => from), [0, 1, 2]);
  }
}

/** Broadcasts may be lost while connections between nodes are, which nobody is told; once they come through again, every room does. */
export async function Rooms_heal_after_a_loss_between_nodes({ connect }) {
  const members = await onEachNode(connect);
  await Promise.all(members.map((socket) => ask(socket, "join", "healed")));
  const heard = members.map(() => new Set());
  members.forEach((socket, i) => socket.on("said", (from) => heard[i].add(from)));
  for (let n = 0; heard.some((from) => from.size < 3); n++) {
    assert.ok(n < 200, `after ${n} tries: ${heard.map((from) => from.size)}`);
    await Promise.all(members.map((socket) => ask(socket, "say", "healed", home(socket))));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Traffic that goes on while nodes come and go, and what must hold of it. The test says when it is over.
 * The result has what was seen; what must never be is asserted here.
 */
export async function traffic({ open, signal }) {
  const { TRANSPORT: transport = "mixed" } = process.env;
  const [clients, rooms, pause, more] = [["CLIENTS", 24], ["ROOMS", 6], ["PAUSE", 40], ["MORE", 10]].map(([name, usual]) => Number(process.env[name] ?? usual));
  const kinds = { mixed: [["websocket"], ["polling", "websocket"], ["polling"]], websocket: [["websocket"]] }[transport];
  const all = range(clients, (i) => new Talker(open, kinds[i % kinds.length], i, { room: `room-${i % rooms}`, pause, patience: clients > 100 ? 20_000 : 4_000 }));
  await within(Promise.all(all.map((talker) => talker.ready)), "all clients to have joined", 60_000);
  all.forEach((talker) => talker.start());
  await signal("running", { ids: all.map((talker) => talker.socket.id) });
  // Here the test does its worst, and then waits until the cluster is whole again.
  await within(Promise.all(all.map((talker) => talker.back())), "all clients to be connected again", 30_000 + clients * 5);
  const settled = all.map((talker) => talker.acked);
  await within(Promise.all(all.map((talker, i) => talker.until(settled[i] + more))), `${more} more acknowledgements of each client`, 50_000);
  all.forEach((talker) => talker.stop());
  await within(Promise.all(all.map((talker) => talker.idle())), "the last acknowledgements", 30_000);

  // A fence in every room from every node's clients, so that what was to come has come.
  // Who gave up without being able to say so is a ghost until his heartbeat tells: only asking again shows when.
  let present;
  for (let tries = 0; tries < 100 && present?.length !== all.length; tries++) {
    await new Promise((resolve) => setTimeout(resolve, tries && 200));
    present = await ask(all[0].socket, "fetch", []);
  }
  await Promise.all(all.map((talker) => talker.fence()));
  await within(Promise.all(all.map((talker) => talker.fenced(all.length / rooms))), "a fence of each member of each room", 30_000);
  const problems = [];
  for (const receiver of all) {
    problems.push(...receiver.problems);
    for (const sender of all) {
      if (sender.room === receiver.room && sender.disconnects.length + receiver.disconnects.length === 0) {
        const got = receiver.heard.get(sender.socket.id) ?? [];
        const missing = sender.sent.filter((n) => !got.includes(n));
        if (missing.length > 0) {
          problems.push(`${receiver.name} missed ${missing.length} of ${sender.name}: ${missing.slice(0, 5)}`);
        }
      }
    }
  }
  const ids = all.map((talker) => talker.socket.id);
  return {
    problems,
    ids,
    present,
    sent: all.reduce((sum, talker) => sum + talker.sent.length, 0),
    acked: all.reduce((sum, talker) => sum + talker.acked, 0),
    // Lost with its connection, if also later: the official client hangs until its ping timeout when a WebSocket is refused while it waits for its last poll.
    failed: all.flatMap((talker) => talker.failures.map((failure) => ({ ...failure, lost: talker.socket.id !== failure.id }))),
    talkers: all.map((talker) => ({ kind: talker.kind.join("+"), first: talker.first, disconnects: [...talker.disconnects], away: talker.away, stall: talker.stall })),
  };
}

class Talker {
  sent = [];
  acked = 0;
  failures = [];
  disconnects = [];
  away = 0;
  stall = 0;
  heard = new Map();
  problems = [];
  #fences = 0;
  #running = false;
  #open = 0;
  #n = 0;
  #pause;
  #waiting = [];

  constructor(open, kind, index, { room, pause, patience }) {
    this.kind = kind;
    this.room = room;
    this.#pause = pause;
    this.name = `client ${index} (${kind})`;
    const socket = (this.socket = open("/", { transports: kind, reconnectionDelay: 100, reconnectionDelayMax: 1_000, timeout: patience }));
    let down = 0;
    this.ready = new Promise((resolve) => {
      socket.on("connect", async () => {
        if (down > 0) {
          this.away = Math.max(this.away, Date.now() - down);
        }
        this.first ??= socket.id;
        try {
          await socket.timeout(8_000).emitWithAck("join", this.room);
          this.joined = socket.id;
          this.#changed();
          resolve();
        } catch {
          // The connection was lost again; there will be another.
        }
      });
    });
    socket.on("disconnect", (reason) => {
      down = Date.now();
      this.disconnects.push({ id: this.joined, reason });
      this.joined = undefined;
      if (reason === "io server disconnect") {
        socket.connect();
      }
    });
    socket.on("said", ({ id, n }) => {
      if (n < 0) {
        this.#fences++;
        this.#changed();
        return;
      }
      const got = this.heard.get(id) ?? [];
      if (got.length > 0 && n <= got[got.length - 1]) {
        this.problems.push(`${this.name} got ${n} of ${id} after ${got[got.length - 1]}`);
      }
      got.push(n);
      this.heard.set(id, got);
    });
  }

  start() {
    this.#running = true;
    const next = () => {
      if (!this.#running) {
        return;
      }
      if (this.joined && this.joined === this.socket.id && this.#open < 20) {
        this.#say();
      }
      setTimeout(next, this.#pause * (1 + Math.random()));
    };
    next();
  }

  stop() {
    this.#running = false;
  }

  async #say() {
    const { id } = this.socket;
    const n = this.#n++;
    const at = Date.now();
    this.#open++;
    this.sent.push(n);
    try {
      await this.socket.timeout(20_000).emitWithAck("say", this.room, { id, n });
      this.acked++;
      this.stall = Math.max(this.stall, Date.now() - at);
    } catch (error) {
      this.failures.push({ id, n, error: error.message, after: Date.now() - at });
    } finally {
      this.#open--;
      this.#changed();
    }
  }

  fence = () => ask(this.socket, "say", this.room, { id: this.socket.id, n: -1 });
  fenced = (count) => this.#when(() => this.#fences >= count);

  back = () => this.#when(() => this.joined && this.joined === this.socket.id);
  until = (acked) => this.#when(() => this.acked >= acked);
  idle = () => this.#when(() => this.#open === 0);

  async #when(ready) {
    if (!ready()) {
      await new Promise((resolve) => this.#waiting.push(() => ready() && (resolve(), true)));
    }
  }

  #changed() {
    this.#waiting = this.#waiting.filter((waiter) => !waiter());
  }
}
