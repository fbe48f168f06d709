// Clients that have seats in a game, and keep them: they come back by recovery or by their token. Run by
// ActorSocket.ClientTests and, with nodes that are killed, by ActorSocket.ClusterTests.
import assert from "node:assert/strict";
import { setTimeout as after } from "node:timers/promises";
import { ask, Inbox, reconnected, within } from "./harness.mjs";

const game = "the game";
const patience = 90_000;

/** One with a seat: whenever it connects it sees to it that the game knows it, as long as it takes. */
class Player {
  token = null;
  number = 0;
  recoveries = 0;
  returns = 0;
  #seated = Promise.resolve();

  constructor(socket) {
    this.socket = socket;
    socket.on("connect", () => {
      this.recoveries += socket.recovered ? 1 : 0;
      this.#seated = this.#sit(socket.id);
    });
  }

  /** Done when the game knows this player by the socket that it has. */
  async seated() {
    const until = Date.now() + patience;
    while (Date.now() < until) {
      await this.#seated;
      const id = this.socket.id;
      if (this.socket.connected && (await this.#try("number", game)) === this.number && this.socket.id === id) {
        return;
      }
      if (this.socket.connected && this.socket.id === id) {
        this.#seated = this.#sit(id); // the game has forgotten the last return with its node
      }
      await after(200); // asked again and again: nobody says when a game lives again
    }
    throw new Error(`player ${this.number} has waited ${patience} ms for its seat`);
  }

  async #sit(id) {
    while (this.socket.connected && this.socket.id === id) {
      if (this.token === null) {
        const token = await this.#try("sit", game);
        if (typeof token === "string") {
          this.token = token;
          this.number = Number(token.split(".")[0]);
          return;
        }
      } else {
        if ((await this.#try("number", game)) === this.number) {
          return;
        }
        if ((await this.#try("return", game, this.token)) === this.number) {
          this.returns++;
          return;
        }
      }
      await after(200);
    }
  }

  /** The answer; undefined where there is none, or an error. */
  async #try(event, ...args) {
    try {
      const answer = await this.socket.timeout(3_000).emitWithAck(event, ...args);
      assert.notEqual(answer?.error?.code, "SEAT_UNKNOWN", `player ${this.number} has lost its seat`);
      return answer;
    } catch (error) {
      if (error instanceof assert.AssertionError) {
        throw error;
      }
      return undefined;
    }
  }
}

export async function Players_keep_their_seats({ open, signal }) {
  const players = Array.from({ length: 9 }, () => new Player(open("/duels")));
  const seated = (ones, what) => within(Promise.all(ones.map((player) => player.seated())), what, patience + 5_000);
  await seated(players, "everybody to have a seat");
  for (let round = 1; round <= 3; round++) {
    await signal(`round ${round}`); // a node is killed meanwhile
    players[round].socket.io.engine.close(); // and a connection is lost
    await seated(players, `everybody to be back in round ${round}`);
  }
  await signal("seated");
  const facts = players.map(({ number, recoveries, returns }) => ({ number, recoveries, returns }));
  assert.equal(new Set(facts.map((one) => one.number)).size, players.length);
  for (const player of players) {
    player.socket.disconnect();
  }
  return { players: facts };
}

export async function A_seat_is_lost_recovered_returned_to_by_its_token_and_left({ connect }) {
  const watcher = await connect("/seats");
  const inbox = new Inbox(watcher);
  const told = async (count) => (await inbox.take(count)).map((event) => event.slice(0, -1)); // without the offset of recovery
  await ask(watcher, "sit");
  const player = await connect("/seats");
  const token = await ask(player, "sit");
  assert.deepEqual(await told(2), [["joined", 1], ["joined", 2]]);

  await reconnected(player);
  assert.equal(player.recovered, true);
  assert.deepEqual(await told(2), [["lost", 2], ["returned", 2]]);

  player.io.reconnection(false);
  player.io.engine.close();
  assert.deepEqual(await told(1), [["lost", 2]]);
  const other = await connect("/seats");
  const refused = await ask(other, "return", `${token.slice(0, -1)}!`);
  assert.equal(refused.error.code, "SEAT_UNKNOWN");
  assert.equal(await ask(other, "return", token), 2);
  assert.deepEqual(await told(1), [["returned", 2]]);

  other.disconnect();
  assert.deepEqual(await told(1), [["left", 2, "Disconnected"]]);
}
