// What the Admin UI is told and does: its protocol, spoken by the official client. Clients are on all nodes, the administrator on the first.
import assert from "node:assert/strict";
import { ask, connected, Context, next, within } from "./harness.mjs";

const urls = (process.env.URLS ?? "").split(" ");
const credentials = { username: "admin", password: "changeit" };
const all = ["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"];

/** Keeps what an administrator is told, and finds the first that is meant, told before or after it is asked for. */
class Told {
  events = [];
  #waiting = [];

  constructor(socket) {
    socket.onAny((...event) => {
      this.events.push(event);
      this.#waiting = this.#waiting.filter((waiter) => !waiter());
    });
  }

  find(name, isMeant = () => true) {
    return this.events.find(([event, ...args]) => event === name && isMeant(...args))?.slice(1);
  }

  of(name, isMeant, what = name) {
    let waiter;
    const told = new Promise((resolve) => {
      waiter = () => {
        const found = this.find(name, isMeant);
        if (found) resolve(found);
        return Boolean(found);
      };
      if (!waiter()) this.#waiting.push(waiter);
    });
    return within(told, `the administrator to be told ${what}`);
  }
}

const nodes = (context) => urls.map((url) => new Context({ url, mode: context.mode }));

async function administrator(node, auth = credentials) {
  const socket = node.open("/admin", { auth });
  const told = new Told(socket);
  await connected(socket);
  await told.of("config");
  return { socket, told };
}

async function refusal(node, auth, options = {}) {
  const socket = node.open("/admin", { auth, reconnection: false, ...options });
  const [error] = await next(socket, "connect_error");
  socket.disconnect();
  return error.message;
}

const isNow = (timestamp) => {
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000, timestamp);
};

const finish = (all) => Promise.all(all.map((node) => node.finish()));

export async function An_administrator_sees_sockets_come_move_and_go(context) {
  const on = nodes(context);
  const last = on.at(-1);
  const early = await last.connect("/", { extraHeaders: { cookie: "session=secret" }, query: { access_token: "secret", a: "1" } });
  await ask(early, "join", "blue");
  await ask(early, "set", "name", "Ada");

  const { socket: admin, told } = await administrator(on[0]);
  const [session] = await told.of("session");
  assert.match(session, /^[0-9a-f]{32}$/);
  assert.deepEqual(told.find("config"), [{ supportedFeatures: [...all, "AGGREGATED_EVENTS", "ALL_EVENTS"] }]);
  const [sockets] = await told.of("all_sockets");
  assert.deepEqual(sockets.map(({ id, nsp }) => `${nsp} ${id}`).sort(), [`/ ${early.id}`, `/admin ${admin.id}`]);
  const found = sockets.find(({ id }) => id === early.id);
  assert.deepEqual(found.rooms, [early.id, "blue"]);
  assert.deepEqual(found.data, { name: "Ada" });
  assert.equal(found.clientId.length, 12);
  assert.ok(!early.io.engine.id.startsWith(found.clientId));
  const { handshake } = found;
  assert.deepEqual([handshake.headers.cookie, handshake.query.access_token, handshake.query.a], ["(hidden)", "(hidden)", "1"]);
  assert.ok(!JSON.stringify(found).includes("secret"), JSON.stringify(found));
  assert.ok(Math.abs(handshake.issued - Date.now()) < 60_000 && handshake.address.includes("127.0.0.1"), JSON.stringify(handshake));

  for (const node of on) {
    const client = await node.connect("/game");
    const mine = (nsp, id) => nsp === "/game" && id === client.id;
    const [socket, connectedAt] = await told.of("socket_connected", ({ id }) => id === client.id);
    assert.deepEqual([socket.nsp, socket.rooms], ["/game", [client.id]]);
    isNow(connectedAt);
    assert.deepEqual((await told.of("event_sent", mine, "of the first event"))[2], ["welcome", "from the handler"]);

    await ask(client, "join", "red");
    isNow((await told.of("room_joined", (nsp, room, id) => room === "red" && mine(nsp, id)))[3]);
    await ask(client, "leave", "red");
    isNow((await told.of("room_left", (nsp, room, id) => room === "red" && mine(nsp, id)))[3]);
    await ask(client, "set", "name", "Bob");
    assert.deepEqual((await told.of("socket_updated", ({ id, data }) => id === client.id && data))[0], { id: client.id, nsp: "/game", data: { name: "Bob" } });

    await ask(client, "echo", 1, { bytes: Buffer.from([1, 2]) });
    const [, , received, receivedAt] = await told.of("event_received", (nsp, id, args) => mine(nsp, id) && args[0] === "echo");
    assert.deepEqual(received, ["echo", 1, { bytes: Buffer.from([1, 2]) }]);
    isNow(receivedAt);
    const [, , sent] = await told.of("event_sent", (nsp, id, args) => mine(nsp, id) && args[0] === "echoed");
    assert.deepEqual(sent, ["echoed", 1, { bytes: Buffer.from([1, 2]) }]);
    await ask(client, "echo", "x".repeat(20_000));
    const [, , long] = await told.of("event_received", (nsp, id, args) => mine(nsp, id) && args[0] === "echo" && args.length === 2);
    assert.match(long[1], /^\(\d+ bytes, not shown\)$/);

    if (context.mode === "upgrade") {
      await told.of("socket_updated", ({ id, transport }) => id === client.id && transport === "websocket", "of the upgrade");
    }
    const { id } = client;
    client.disconnect();
    const [, , reason, goneAt] = await told.of("socket_disconnected", (nsp, gone) => nsp === "/game" && gone === id);
    assert.equal(reason, "client namespace disconnect");
    isNow(goneAt);
    await told.of("room_left", (nsp, room, left) => nsp === "/game" && room === id && left === id, "that a socket has left its own room");
  }
  assert.ok(!told.events.some(([event, nsp]) => event.startsWith("event_") && nsp === "/admin"), "of events of administrators");
  await finish(on);
}

export async function An_administrator_sees_how_each_node_does(context) {
  const on = nodes(context);
  const clients = await Promise.all(on.map((node) => node.connect()));
  const { told } = await administrator(on[0]);
  const latest = new Map();
  await told.of("server_stats", (stats) => {
    latest.set(stats.serverId, stats);
    return latest.size === on.length && [...latest.values()].reduce((sum, { clientsCount }) => sum + clientsCount, 0) === on.length + 1;
  }, "of all nodes and their connections");
  for (const stats of latest.values()) {
    assert.ok(stats.hostname && stats.pid > 0 && stats.uptime >= 0 && stats.pollingClientsCount <= stats.clientsCount, JSON.stringify(stats));
  }
  const sum = [...latest.values()].flatMap(({ namespaces }) => namespaces).filter(({ name }) => name === "/");
  assert.equal(sum.reduce((total, { socketsCount }) => total + socketsCount, 0), clients.length);

  for (const client of clients) await ask(client, "echo", "hi");
  clients.at(-1).io.engine.close();
  const counted = (type, subType) =>
    told.of("server_stats", ({ aggregatedEvents }) => aggregatedEvents.some((e) => e.type === type && e.subType === subType && e.count > 0 && e.timestamp > 0), type);
  for (const type of ["packetsIn", "bytesIn", "packetsOut", "bytesOut", "rawConnection"]) await counted(type);
  await counted("rawDisconnection", context.mode === "polling" ? "transport close" : "transport close");
  await finish(on);
}

export async function An_administrator_acts_on_sockets_of_every_node(context) {
  const on = nodes(context);
  const clients = await Promise.all(on.map((node) => node.connect("/game")));
  const others = await Promise.all(on.map((node, i) => node.join(clients[i], "/")));
  const { socket: admin, told } = await administrator(on[0]);
  const rooms = (client) => ask(client, "rooms");
  const moved = (event, room) => Promise.all(clients.map(({ id }) => told.of(event, (nsp, name, who) => name === room && who === id, `${event} ${room}`)));

  const heard = clients.map((client) => next(client, "news"));
  admin.emit("emit", "/game", "", "news", 1, { two: [2] });
  assert.deepEqual(await Promise.all(heard), clients.map(() => [1, { two: [2] }]));

  admin.emit("join", "/game", "everyone");
  await moved("room_joined", "everyone");
  for (const client of clients) {
    admin.emit("join", "/game", "chosen", client.id);
    await told.of("room_joined", (nsp, room, id) => room === "chosen" && id === client.id);
    assert.deepEqual((await rooms(client)).sort(), [client.id, "chosen", "everyone"].sort());
    const [direct] = [next(client, "direct")];
    admin.emit("emit", "/game", client.id, "direct");
    await direct;
    admin.emit("leave", "/game", "chosen", client.id);
    await told.of("room_left", (nsp, room, id) => room === "chosen" && id === client.id);
  }
  const inRoom = clients.map((client) => next(client, "to a room"));
  admin.emit("emit", "/game", "everyone", "to a room", "hello");
  assert.deepEqual(await Promise.all(inRoom), clients.map(() => ["hello"]));
  admin.emit("leave", "/game", "everyone");
  await moved("room_left", "everyone");

  const refused = await within(admin.emitWithAck("emit", "/game", "", "disconnect"), "the refusal");
  assert.match(refused.error.message, /reserved/);

  // of a namespace that the administrator's node may not have
  const dynamic = await on.at(-1).connect("/dyn-1");
  await told.of("socket_connected", ({ id }) => id === dynamic.id);
  const far = next(dynamic, "far");
  admin.emit("emit", "/dyn-1", dynamic.id, "far", 7);
  assert.deepEqual(await far, [7]);

  for (const [i, client] of clients.entries()) {
    const { id } = client;
    const gone = next(client, "disconnect");
    admin.emit("_disconnect", "/game", false, id);
    assert.equal((await gone)[0], "io server disconnect");
    await told.of("socket_disconnected", (nsp, who) => who === id);
    assert.ok(others[i].connected);
    const closed = next(others[i], "disconnect");
    admin.emit("_disconnect", "/", true, others[i].id);
    assert.match((await closed)[0], /io server disconnect|transport close/);
  }
  await finish(on);
}

export async function Only_who_has_the_password_or_a_session_is_let_in(context) {
  const on = nodes(context);
  assert.match(await refusal(on[0], {}), /^sign in/);
  assert.match(await refusal(on[0], { sessionId: null, username: "" }), /^sign in/);
  for (const auth of [
    { username: "admin", password: "wrong" },
    { username: "admin" },
    { username: "root", password: "changeit" },
    { username: { $ne: 1 }, password: "changeit", sessionId: "0" },
    { sessionId: "00000000000000000000000000000000" },
  ]) {
    assert.equal(await refusal(on[0], auth), "invalid credentials");
  }
  const { told } = await administrator(on[0]);
  const [sessionId] = await told.of("session");
  for (const node of on) {
    const known = async () => {
      // the other nodes are told of the session when it is made, and nobody is told when they know
      const socket = node.open("/admin", { auth: { sessionId }, reconnection: false });
      const isIn = await Promise.race([next(socket, "connect").then(() => true), next(socket, "connect_error").then(() => false)]);
      return isIn || known();
    };
    await within(known(), "the session to be known");
  }
  await finish(on);
}

/** Run first to sign in, and then with that session, by which it comes to the node that started last. */
export async function A_session_is_known_to_nodes_that_start_later_also_when_all_others_are_gone(context) {
  const last = nodes(context).at(-1);
  const sessionId = process.env.SESSION;
  if (sessionId) {
    await administrator(last, { sessionId });
    assert.equal(await refusal(last, { sessionId: "00000000000000000000000000000000" }), "invalid credentials");
    await last.finish();
    return {};
  }
  const { told } = await administrator(last);
  const [session] = await told.of("session");
  await last.finish();
  return { session };
}

export async function Who_may_only_look_changes_nothing(context) {
  const [node] = nodes(context);
  const client = await node.connect();
  const { socket: admin, told } = await administrator(node);
  assert.deepEqual(told.find("config"), [{ supportedFeatures: ["AGGREGATED_EVENTS", "ALL_EVENTS"] }]);
  let heard = 0;
  client.on("news", () => heard++);
  admin.emit("emit", "/", "", "news");
  admin.emit("join", "/", "red", client.id);
  admin.emit("_disconnect", "/", true, client.id);
  assert.equal(await ask(admin, "fence"), true);
  assert.deepEqual(await ask(client, "rooms"), [client.id]);
  assert.equal(heard, 0);
  await finish([node]);
}

export async function Of_too_many_events_it_is_said_how_many_are_not_shown(context) {
  const [node] = nodes(context);
  const count = 20_000;
  const { told } = await administrator(node);
  await told.of("all_sockets");
  const client = await node.connect();
  for (let i = 0; i < count; i++) client.emit("noise", i);
  let [shown, leftOut] = [0, 0];
  const counted = async () => {
    await ask(client, "echo"); // who is left out is told of with the next that is shown
    [shown, leftOut] = [0, 0];
    for (const [event, , , args] of told.events) {
      if (event !== "event_received" && event !== "event_sent") continue; // of these as many as a second may show, whatever their names
      const said = /^\((\d+) events are not shown\)$/.exec(args[0]);
      if (said) leftOut += Number(said[1]);
      else shown++;
    }
    if (shown + leftOut < count) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await counted();
    }
  };
  await within(counted(), "all events to be shown or counted");
  assert.ok(leftOut > 0 && shown >= 1000, `${shown} shown, ${leftOut} left out`);
  await finish([node]);
}

export async function In_production_an_administrator_gets_numbers_only(context) {
  const [node] = nodes(context);
  const { told } = await administrator(node);
  assert.deepEqual(told.find("config"), [{ supportedFeatures: [...all, "AGGREGATED_EVENTS"] }]);
  await context.signal("looking");
  const client = await node.connect();
  await ask(client, "join", "red");
  await ask(client, "echo", 1);
  await told.of("server_stats", ({ namespaces }) => namespaces.some(({ name, socketsCount }) => name === "/" && socketsCount === 1));
  await told.of("server_stats", ({ aggregatedEvents }) => aggregatedEvents.some(({ type }) => type === "packetsIn"));
  assert.deepEqual([...new Set(told.events.map(([event]) => event))].sort(), ["config", "server_stats", "session"]);
  await finish([node]);
}

export async function A_policy_says_who_is_an_administrator(context) {
  const [node] = nodes(context);
  assert.equal(await refusal(node, credentials), "invalid credentials");
  assert.equal(await refusal(node, {}, { extraHeaders: { "x-role": "visitor" } }), "invalid credentials");
  assert.match(await refusal(node, {}, { extraHeaders: { "x-role": "admin", origin: "https://elsewhere.example" } }), /origin/);
  const admin = await node.connect("/admin", { extraHeaders: { "x-role": "admin", origin: node.url } });
  assert.equal(await ask(admin, "fence"), true);
  await finish([node]);
}

export async function Nobody_has_to_sign_in_where_that_was_said(context) {
  const [node] = nodes(context);
  assert.match(await refusal(node, {}, { extraHeaders: { origin: "https://elsewhere.example" } }), /origin/);
  const admin = await node.connect("/admin");
  assert.equal(await ask(admin, "fence"), true);
  await finish([node]);
}
