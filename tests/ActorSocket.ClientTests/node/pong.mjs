// The demo's game, played by clients that come back by whichever node there is, while nodes are restarted and killed.
import assert from "node:assert/strict";
import { setTimeout as after } from "node:timers/promises";
import { within } from "./harness.mjs";

const patience = 90_000;

/** Somebody in the lobby, who plays when matched, or watches; and how long nothing came of the game. */
class Visitor {
  seat = null;
  watching = null;
  frame = null;
  frames = 0;
  longestGap = 0;
  misses = false; // on purpose
  state = {};
  #frameAt = 0;
  #known = new Map();

  constructor(name, socket, nodes) {
    this.name = name;
    this.socket = socket;
    let next = nodes.indexOf(socket.io.uri);
    socket.io.on("reconnect_attempt", () => (socket.io.uri = nodes[++next % nodes.length])); // its node may be gone
    socket.on("connect", () => this.#resume(socket.id));
    socket.on("matched", (seat) => {
      this.seat = seat;
      this.#resume(socket.id);
    });
    socket.on("frame", (_, ...frame) => {
      const now = performance.now();
      const gap = this.#frameAt ? now - this.#frameAt : 0;
      this.longestGap = Math.max(this.longestGap, Math.round(gap));
      [this.frame, this.#frameAt] = [frame, now];
      this.frames++;
      if (this.seat && !this.misses && this.frames % 2 === 0) socket.volatile.emit("steer", frame[1]);
    });
    socket.on("sync", (game, version, state) => {
      this.#known.set(game, version);
      this.state = state;
    });
    socket.on("sync:patch", (game, version, patch) => {
      if (this.#known.get(game) !== version - 1) return;
      this.#known.set(game, version);
      for (const [key, value] of Object.entries(patch))
        this.state = { ...this.state, [key]: typeof value === "object" ? { ...this.state[key], ...value } : value };
    });
  }

  get score() {
    return [this.state.left?.score ?? 0, this.state.right?.score ?? 0];
  }

  /** The longest gap between two frames since this was asked last, in milliseconds. */
  takeGap() {
    const longest = this.longestGap;
    this.longestGap = 0;
    return longest;
  }

  /** Done when so many frames more have come, the last a moment ago. */
  async plays(frames, what) {
    const target = this.frames + frames;
    const until = Date.now() + patience;
    while (this.frames < target) {
      assert.ok(Date.now() < until, `${this.name}: ${what}; ${this.frames} frames, ${JSON.stringify(this.state)}, connected: ${this.socket.connected}`);
      await after(20);
    }
  }

  async until(holds, what) {
    const until = Date.now() + patience;
    while (!holds(this)) {
      assert.ok(Date.now() < until, `${this.name}: ${what}; ${JSON.stringify(this.state)}`);
      await after(20);
    }
  }

  async #resume(id) {
    await this.#insist(id, "login", this.name);
    await this.#insist(id, "join", "Welcome", true);
    if (this.seat) {
      const answer = await this.#insist(id, "sit", this.seat.id, this.seat.token);
      assert.ok(!answer?.error, `${this.name} has lost the seat: ${answer?.error?.message}`);
    } else if (this.watching) await this.#insist(id, "watch", this.watching);
  }

  async #insist(id, event, ...args) {
    while (this.socket.connected && this.socket.id === id) {
      const answer = await this.socket.timeout(3_000).emitWithAck(event, ...args).catch(() => ({ error: { code: "AWAY" } }));
      if (!["AWAY", "INTERNAL_ERROR"].includes(answer.error?.code)) return answer;
      await after(200);
    }
    return undefined;
  }
}

export async function A_game_goes_on_through_a_rolling_restart_and_a_crash({ open, signal }) {
  const nodes = process.env.NODES.split(",");
  const visitors = ["Ada", "Bob", "Carl"].map((name, i) => new Visitor(name, open("/", {}, nodes[i]), nodes));
  const [ada, bob, carl] = visitors;
  await within(
    Promise.all(visitors.map(({ socket }) => new Promise((done) => socket.once("connect", done)))),
    "all to be connected",
    patience,
  );
  const games = new Promise((done) => carl.socket.on("games", (list) => list.length > 0 && done(list)));
  await after(500); // they have joined the lobby by then, or are asked to play again
  for (const player of [ada, bob]) {
    while ((await player.socket.timeout(5_000).emitWithAck("play")).error) await after(200);
  }
  carl.watching = (await within(games, "the game to be listed", patience))[0].id;
  await carl.socket.timeout(10_000).emitWithAck("watch", carl.watching);
  ada.misses = true; // so that there is a score to keep
  await bob.until(() => bob.score[1] > 0, "a point");
  ada.misses = false;
  const all = (frames, what) => Promise.all(visitors.map((visitor) => visitor.plays(frames, what)));
  await all(60, "the game to be played");
  const score = bob.score;
  visitors.forEach((visitor) => visitor.takeGap());
  await all(300, "the game to be played on");
  const quiet = visitors.map((visitor) => visitor.takeGap());

  await signal("playing"); // each node is restarted meanwhile
  await all(120, "the game after the restart");
  const restarted = visitors.map((visitor) => visitor.takeGap());
  assert.ok(bob.score[0] + bob.score[1] >= score[0] + score[1], `${score} has become ${bob.score}`);

  const kept = carl.score;
  await all(120, "what is kept to be saved");
  await signal("restarted", { restarted }); // the game's node is killed meanwhile
  await all(120, "the game after the crash");
  const crashed = visitors.map((visitor) => visitor.takeGap());
  assert.ok(carl.score[0] >= kept[0] && carl.score[1] >= kept[1], `${kept} has become ${carl.score}`);
  return { quiet, restarted, crashed, score: carl.score };
}
