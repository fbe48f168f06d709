import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { ask, connected, Inbox, next } from "./harness.mjs";

export async function Three_namespaces_share_one_connection({ url, mode, connect, join }) {
  const root = await connect();
  const lobby = await join(root, "/lobby");
  const room = await join(root, "/room-7");
  const all = [root, lobby, room];
  const who = await Promise.all(all.map((socket) => ask(socket, "whoami")));

  assert.deepEqual(who.map((one) => one.connections), [1, 1, 1]);
  assert.deepEqual(who.map((one) => one.namespace), ["/", "/lobby", "/room-7"]);
  assert.deepEqual(who.map((one) => one.sockets), [1, 1, 1]);
  assert.equal(new Set(who.map((one) => one.connectionId)).size, 1);
  assert.equal(new Set(who.map((one) => one.id)).size, 3);

  // io() itself shares the connection of one host when it is asked for another namespace.
  const a = io(`${url}/lobby`, { transports: mode === "upgrade" ? undefined : [mode] });
  const b = io(`${url}/room-8`, { transports: mode === "upgrade" ? undefined : [mode] });
  await connected(a);
  await connected(b);
  assert.equal(a.io, b.io);
  assert.equal((await ask(a, "whoami")).connections, 2);
  a.disconnect();
  b.disconnect();
}

export async function Events_and_rooms_of_a_namespace_stay_in_it({ connect, join }) {
  const root = await connect();
  const lobby = await join(root, "/lobby");
  const inRoot = new Inbox(root);
  const inLobby = new Inbox(lobby);
  await ask(root, "join", "blue");
  await ask(lobby, "join", "blue");

  await ask(root, "publish", { via: "server", to: ["blue"] }, "news", "for root");
  await ask(lobby, "publish", { via: "server", to: ["blue"] }, "news", "for the lobby");
  await ask(lobby, "publish", { via: "server" }, "fence", null);
  await ask(root, "publish", { via: "server" }, "fence", null);

  assert.deepEqual(await inRoot.until("fence"), [["news", "for root"]]);
  assert.deepEqual(await inLobby.until("fence"), [["news", "for the lobby"]]);
}

export async function Leaving_one_namespace_leaves_the_others_alone({ connect, join }) {
  const root = await connect();
  const lobby = await join(root, "/lobby");
  const id = lobby.id;
  const down = next(lobby, "disconnect");
  lobby.disconnect();
  assert.equal((await down)[0], "io client disconnect");
  assert.equal((await ask(root, "whoami")).connections, 1);

  lobby.connect();
  await connected(lobby);
  assert.notEqual(lobby.id, id, "a new connect makes a new socket");
  assert.equal((await ask(lobby, "whoami")).sockets, 1);
  return { reasons: { [id]: "client namespace disconnect" } };
}

export async function A_pattern_makes_namespaces_as_clients_ask_for_them({ connect, join }) {
  const one = await connect("/room-1", { auth: { name: "a" } });
  const same = await connect("/room-1");
  const two = await connect("/room-2");
  const inbox = [one, same, two].map((socket) => new Inbox(socket));
  assert.equal((await ask(one, "whoami")).namespace, "/room-1");
  assert.equal((await ask(one, "whoami")).sockets, 2);
  assert.equal((await ask(two, "whoami")).sockets, 1);

  await ask(one, "publish", { via: "server" }, "news", "for room 1");
  for (const socket of [one, two]) {
    await ask(socket, "publish", { via: "server" }, "fence", null);
  }
  assert.deepEqual(await inbox[0].until("fence"), [["news", "for room 1"]]);
  assert.deepEqual(await inbox[1].until("fence"), [["news", "for room 1"]]);
  assert.deepEqual(await inbox[2].until("fence"), []);

  const refused = one.io.socket("/room-1x");
  const [error] = await next(refused, "connect_error");
  assert.equal(error.message, "Invalid namespace");
}

export async function A_namespace_may_have_a_name_of_any_script({ connect, join }) {
  const socket = await connect("/žluť-🙂");
  assert.equal((await ask(socket, "whoami")).namespace, "/žluť-🙂");
  const came = next(socket, "echo");
  socket.emit("echo", "é", Buffer.from([1]));
  assert.deepEqual(await came, ["é", Buffer.from([1])]);
  const lobby = await join(socket, "/lobby");
  assert.equal((await ask(lobby, "whoami")).connections, 1);
}

/** As React's StrictMode does it: an effect runs, is undone and runs again within one tick. */
export async function Joining_leaving_and_joining_again_at_once_harms_no_other_namespace({ connect }) {
  const root = await connect();
  const { id } = root;
  const down = new Inbox({ onAny: (listener) => root.on("disconnect", (reason) => listener("disconnect", reason)) });
  for (let i = 0; i < 20; i++) {
    const socket = root.io.socket(`/room-${i}`);
    socket.disconnect();
    socket.connect();
    await connected(socket);
    assert.equal(await ask(socket, "add", i, 1), i + 1);
  }
  assert.equal(await ask(root, "add", 1, 2), 3);
  assert.equal(root.id, id);
  assert.deepEqual(down.events, []);
}

export async function Events_to_several_namespaces_are_acknowledged_in_the_order_they_were_sent({ connect, join }) {
  const sockets = [await connect(), null, null];
  sockets[1] = await join(sockets[0], "/lobby");
  sockets[2] = await join(sockets[0], "/room-1");
  for (let round = 0; round < 60; round++) {
    const order = [];
    await Promise.all(sockets.map((socket, i) => ask(socket, "add", i, round).then(() => order.push(i))));
    assert.deepEqual(order, [0, 1, 2]);
  }
}
