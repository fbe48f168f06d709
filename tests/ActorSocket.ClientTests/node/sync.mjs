// A client that follows what an entity shows. `merge` and `follow` are in docs/guide/entities.md, word for word.
import assert from "node:assert/strict";
import { ask, next, reconnected, within } from "./harness.mjs";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function merge(target, patch) {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, merge(merged.get(name), value));
  }
  return Object.fromEntries(merged); // where "__proto__" is a name like others
}

function follow(socket, show, askAgain) {
  const known = new Map(); // by the entity's name
  let asked = 0;
  const take = (name, version, value) => (known.set(name, { version, value }), show(name, value));
  socket.on("connect", () => socket.recovered || known.clear());
  socket.on("sync", (name, version, value) => version >= (known.get(name)?.version ?? 0) && take(name, version, value));
  socket.on("sync:patch", (name, version, patch) => {
    const last = known.get(name);
    if (last?.version === version - 1) take(name, version, merge(last.value, patch));
    else if (!(version <= last?.version) && Date.now() - asked > 1000) (asked = Date.now()), askAgain(name); // something is missing
  });
}

/** What a client has put together; `until` waits for it to be what the server says. */
class Screen {
  shown;
  asked = 0;
  #changed = () => {};

  constructor(socket) {
    this.socket = socket;
    this.drops = 0;
    const lossy = {
      get recovered() {
        return socket.recovered;
      },
      on: (event, handler) => socket.on(event, (...args) => (event === "sync:patch" && this.drops > 0 ? this.drops-- : handler(...args))),
    };
    const show = (name, value) => {
      assert.equal(name, "board:one");
      this.shown = value;
      this.#changed();
    };
    follow(lossy, show, () => {
      this.asked++;
      socket.emit("again");
    });
  }

  until(isSo, what) {
    return within(
      new Promise((resolve) => {
        this.#changed = () => isSo(this.shown) && resolve();
        this.#changed();
      }),
      what,
    );
  }
}

export async function Clients_follow_what_an_entity_shows({ connect }) {
  const player = new Screen(await connect("/sync"));
  await ask(player.socket, "sit");
  const watcher = new Screen(await connect("/sync"));
  const moved = async (what) => {
    const count = await ask(player.socket, "scramble", 200);
    for (const screen of [player, watcher]) {
      await screen.until((shown) => shown?.count === count, `${what}: the board after ${count} changes`);
    }
    const board = await ask(player.socket, "board");
    assert.deepEqual(player.shown, board);
    assert.deepEqual(watcher.shown, board);
  };
  const early = ask(player.socket, "scramble", 50); // meanwhile another one comes
  await ask(watcher.socket, "watch");
  await early;
  await moved("at first");

  watcher.drops = 1;
  const lost = next(watcher.socket, "sync:patch"); // on a busy machine the next 200 changes may be one patch
  await ask(player.socket, "scramble", 1);
  await lost;
  await moved("with a patch that is lost");
  assert.ok(watcher.asked >= 1);
  const asked = watcher.asked;

  await reconnected(watcher.socket);
  assert.equal(watcher.socket.recovered, true);
  await moved("after a recovery");

  player.socket.disconnect().connect();
  await next(player.socket, "connect");
  await ask(player.socket, "sit");
  await moved("with another socket");
  assert.equal(watcher.asked, asked);
  assert.equal(player.asked, 0);
}
