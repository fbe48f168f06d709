// What emitters of other languages publish by Redis. Clients are on all nodes.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Emitter } from "@socket.io/redis-emitter";
import { createClient } from "redis";
import { ask, Context, Inbox, next, within } from "./harness.mjs";

const urls = (process.env.URLS ?? "").split(" ");

/** A publisher, and two clients of each node, each with what it has received. */
async function begin(context, namespace = "/") {
  const redis = createClient({ url: process.env.REDIS });
  redis.on("error", () => {}); // it reconnects by itself
  await redis.connect();
  const clients = [];
  for (const url of [...urls, ...urls]) {
    const node = new Context({ url, mode: context.mode });
    const socket = await node.connect(namespace);
    clients.push({ node, socket, inbox: new Inbox(socket, "welcome") });
  }
  return { redis, emitter: new Emitter(redis), clients };
}

async function end({ redis, clients }) {
  await redis.quit();
  for (const { node } of clients) await node.finish();
}

export async function The_official_emitter_emits(context) {
  const run = await begin(context);
  const { emitter, clients } = run;
  const [first, second, ...others] = clients;
  await ask(first.socket, "join", "red");
  await ask(second.socket, "join", "red");
  await ask(second.socket, "join", "blue");
  const data = { text: "ä€😀", list: [1, -2, 3.5, null, true], deep: { bytes: Buffer.from([1, 2, 255]) } };
  emitter.emit("all", 1, "two", data, Buffer.from("bin"));
  emitter.to("red").emit("red");
  emitter.to(["red", "blue"]).emit("both");
  emitter.except("blue").emit("but");
  emitter.to("red").except(second.socket.id).emit("first");
  emitter.of("/game").emit("game");
  emitter.volatile.emit("volatile");
  emitter.compress(false).emit("plain");
  emitter.emit("end");

  const all = ["all", 1, "two", { ...data, deep: { bytes: Buffer.from([1, 2, 255]) } }, Buffer.from("bin")];
  const expected = (inRed, inBlue, name) => [
    all,
    ...(inRed ? [["red"]] : []),
    ...(inRed || inBlue ? [["both"]] : []),
    ...(inBlue ? [] : [["but"]]),
    ...(name === "first" ? [["first"]] : []),
    ["plain"],
  ];
  const got = async ({ inbox }) => (await inbox.until("end")).filter(([event]) => event !== "volatile");
  assert.deepEqual(await got(first), expected(true, false, "first"));
  assert.deepEqual(await got(second), expected(true, true));
  for (const other of others) assert.deepEqual(await got(other), expected(false, false));
  await end(run);
}

export async function The_official_emitter_moves_sockets_and_lets_them_go(context) {
  const run = await begin(context);
  const { emitter, clients } = run;
  const [first, second] = clients;
  emitter.in(first.socket.id).socketsJoin(["red", "blue"]);
  emitter.socketsJoin("everyone");
  emitter.to("red").emit("red"); // published after the join, and so done after it
  emitter.in("red").socketsLeave("blue");
  emitter.to("blue").emit("nobody");
  emitter.to("everyone").emit("everyone");
  emitter.emit("end");
  assert.deepEqual(await first.inbox.until("end"), [["red"], ["everyone"]]);
  for (const { inbox } of clients.slice(1)) assert.deepEqual(await inbox.until("end"), [["everyone"]]);

  const [gone, cut] = [next(first.socket, "disconnect"), next(second.socket, "disconnect")];
  emitter.in(first.socket.id).disconnectSockets();
  emitter.in(second.socket.id).disconnectSockets(true);
  assert.equal((await gone)[0], "io server disconnect");
  assert.equal((await cut)[0], "io server disconnect");
  await end(run);
}

/** Numbers are published all the while, and two clients go from node to node: each has every number once, in order. */
export async function A_client_that_changes_nodes_gets_what_an_emitter_publishes_once(context) {
  const redis = createClient({ url: process.env.REDIS });
  await redis.connect();
  const emitter = new Emitter(redis);
  const movers = [];
  for (const start of [0, 1]) {
    const node = new Context({ url: urls[start], mode: context.mode });
    const socket = await node.connect();
    const mover = { node, socket, at: start, got: [], recovered: 0 };
    socket.on("number", (number) => mover.got.push(number));
    socket.on("connect", () => (mover.recovered += socket.recovered ? 1 : 0));
    await ask(socket, "join", `room ${start}`);
    movers.push(mover);
  }
  let published = 0;
  const publishing = setInterval(() => {
    emitter.emit("number", ++published);
    for (const start of [0, 1]) emitter.to(`room ${start}`).emit("aside", "x".repeat(published % 50));
  }, 2);
  const rounds = 12;
  for (let round = 0; round < rounds; round++) {
    for (const mover of movers) {
      const { socket } = mover;
      const before = mover.got.length;
      await within(new Promise((resolve) => socket.on("number", function more() {
        if (mover.got.length < before + 20) return;
        socket.off("number", more);
        resolve();
      })), "some numbers");
      socket.io.uri = urls[++mover.at % urls.length];
      const back = next(socket, "connect");
      socket.io.engine.close();
      await back;
    }
  }
  clearInterval(publishing);
  emitter.emit("number", ++published);
  for (const mover of movers) {
    await within(new Promise((resolve) => {
      const isAll = () => mover.got.at(-1) === published && resolve();
      mover.socket.on("number", isAll);
      isAll();
    }), "the last number");
    const { got } = mover;
    assert.equal(mover.recovered, rounds);
    const expected = Array.from({ length: got.length }, (_, i) => got[0] + i);
    const wrong = got.findIndex((number, i) => number !== expected[i]);
    assert.deepEqual(got.slice(Math.max(0, wrong - 3), wrong + 4), wrong < 0 ? got.slice(0, 3) : expected.slice(Math.max(0, wrong - 3), wrong + 4));
    await mover.node.finish();
  }
  await redis.quit();
}

export async function The_official_emitter_tells_every_server(context) {
  const run = await begin(context);
  run.emitter.serverSideEmit("refresh", "it");
  const heard = await within(Promise.all(run.clients.map(({ inbox }) => inbox.take(1))), "every client to be told by its server");
  assert.equal(new Set(heard.map(([[event, tag, what]]) => (assert.deepEqual([event, what], ["refreshed", "it"]), tag))).size, urls.length);
  await end(run);
}

const byPython = async ({ clients: [first, second] }) => {
  await promisify(execFile)(process.env.PYTHON, ["../python/emitter.py", process.env.REDIS, first.socket.id, second.socket.id], {
    cwd: import.meta.dirname,
  });
};

export async function Pythons_manager_emits(context) {
  const run = await begin(context);
  const game = await run.clients[0].node.connect("/game");
  const games = new Inbox(game, "welcome");
  const cut = next(run.clients[1].socket, "disconnect");
  await byPython(run);
  const common = [["nothing"], ["one", { a: [1, "two", 3.5, null, true], b: Buffer.from([1, 2]) }], ["several", 1, "two", ["three"]]];
  const big = ["big", 2 ** 63];
  for (const [i, { inbox }] of run.clients.entries()) {
    if (i === 1) continue;
    assert.deepEqual(await inbox.until("end"), [...common, ...(i === 0 ? [["list", [1, 2]], big] : [big, ["but", "x"]])]);
  }
  assert.equal((await cut)[0], "io server disconnect");
  assert.deepEqual(await games.take(1), [["game", "y"]]);
  await end(run);
}

export async function Pythons_manager_of_today_says_it_in_JSON(context) {
  const run = await begin(context);
  const { redis, clients: [first, second] } = run;
  const say = (message) => redis.publish("socketio", JSON.stringify({ namespace: "/", host_id: "another", ...message }));
  const emit = (event, data, more) => say({ method: "emit", event, data, binary: false, room: null, skip_sid: null, callback: null, ...more });
  await ask(second.socket, "join", first.socket.id);
  await emit("nothing", [null]);
  await emit("several", [1, "two", { three: [null] }]);
  await emit("bytes", [[{ b: { _placeholder: true, num: 0 } }, "x"], "AQL/"], { binary: true });
  await emit("first", ["x"], { room: first.socket.id });
  await emit("but", ["x"], { skip_sid: first.socket.id }); // and not who is in a room of that name
  await emit("others", ["x"], { skip_sid: [first.socket.id] });
  await emit("none", ["x"], { room: [] });
  await say({ method: "enter_room", sid: first.socket.id, room: "red" });
  await emit("red", ["x"], { room: "red" });
  await say({ method: "leave_room", sid: first.socket.id, room: "red" });
  await emit("red", ["y"], { room: ["red"] });
  await say({ method: "enter_room", sid: second.socket.id, room: "red" });
  await say({ method: "close_room", room: "red" });
  await emit("red", ["z"], { room: "red" });
  await say({ method: "callback", sid: first.socket.id, id: 1, args: [] }); // of Python's servers among themselves
  await emit("end", [null]);
  const common = [["nothing"], ["several", 1, "two", { three: [null] }], ["bytes", { b: Buffer.from([1, 2, 255]) }, "x"]];
  assert.deepEqual(await first.inbox.until("end"), [...common, ["first", "x"], ["red", "x"]]);
  assert.deepEqual(await second.inbox.until("end"), [...common, ["first", "x"], ["but", "x"], ["others", "x"]]);
  await end(run);
}

export async function What_is_no_message_costs_nobody_anything(context) {
  const run = await begin(context);
  const { redis, emitter, clients: [first] } = run;
  const nonsense = [Buffer.alloc(0), Buffer.from([0x93]), Buffer.from([0x93, 1, 2, 3]), Buffer.from("{}"), Buffer.from("\x80"), Buffer.from("null"),
    Buffer.from([0x80, 4, 0x2e]), Buffer.from('{"type":2}'), Buffer.from('{"type":4,"close":true}'), Buffer.from('{"method":"disconnect"}')];
  for (const channel of ["socket.io#/#", "socket.io#/#red#", "socket.io-request#/#", "socket.io-response#/#", "socketio"])
    for (const message of nonsense) await redis.publish(channel, message);
  emitter.of("/nowhere").emit("nobody");
  emitter.emit("end");
  assert.deepEqual(await first.inbox.until("end"), []);
  assert.equal(first.socket.connected, true);
  await end(run);
}

export async function Redis_may_go_and_come_back(context) {
  const run = await begin(context);
  const { redis, emitter, clients: [first] } = run;
  emitter.emit("before");
  assert.deepEqual(await first.inbox.take(1), [["before"]]);
  await context.signal("heard");
  await within(redis.ping(), "the emitter's own connection to be back");
  emitter.emit("after");
  assert.deepEqual(await first.inbox.take(1), [["after"]]);
  await end(run);
}
