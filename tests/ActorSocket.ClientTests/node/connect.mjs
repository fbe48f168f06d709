import assert from "node:assert/strict";
import { ask, Inbox, next, upgraded } from "./harness.mjs";

export async function Connects_by_the_chosen_transport_and_gets_an_id_of_its_own({ connect, mode }) {
  const socket = await connect();
  if (mode === "upgrade") {
    await upgraded(socket);
  }
  const me = await ask(socket, "whoami");

  assert.equal(socket.io.engine.transport.name, mode === "polling" ? "polling" : "websocket");
  assert.equal(me.transport, socket.io.engine.transport.name);
  assert.equal(me.id, socket.id);
  assert.equal(me.namespace, "/");
  assert.deepEqual(me.rooms, [socket.id]);
  assert.notEqual(socket.id, socket.io.engine.id, "the socket's id must not be the session's, which is a secret");
}

export async function The_handshake_shows_auth_query_headers_and_address({ connect, url }) {
  const auth = { token: "t", nested: { list: [1, "é", null] } };
  const before = Date.now();
  const socket = await connect("/", { auth, query: { room: "blue & green", n: "1" }, extraHeaders: { "X-Test": "yes" } });
  const handshake = await ask(socket, "handshake");

  assert.deepEqual(handshake.auth, auth);
  assert.equal(handshake.query.room, "blue & green");
  assert.equal(handshake.query.n, "1");
  assert.equal(handshake.query.EIO, "4");
  assert.equal(handshake.headers["x-test"], "yes");
  assert.equal(handshake.headers.host, new URL(url).host);
  assert.match(handshake.address, /127\.0\.0\.1$/);
  assert.equal(handshake.secure, false);
  assert.ok(handshake.url.startsWith("/socket.io/?"), handshake.url);
  assert.ok(handshake.issued >= before - 5_000 && handshake.issued <= Date.now() + 5_000, `issued ${handshake.issued}`);
}

export async function Auth_belongs_to_the_namespace_it_was_sent_to({ connect, join }) {
  const root = await connect("/", { auth: { n: 1 } });
  const lobby = await join(root, "/lobby", { auth: (give) => give({ n: 2 }) });
  const plain = await join(root, "/strict", {});

  assert.deepEqual((await ask(root, "handshake")).auth, { n: 1 });
  assert.deepEqual((await ask(lobby, "handshake")).auth, { n: 2 });
  assert.deepEqual((await ask(plain, "handshake")).auth, {});
}

export async function A_middleware_refuses_with_a_message_and_data({ connect, open }) {
  const root = await connect();
  const guarded = root.io.socket("/guarded", { auth: { token: "wrong" } });
  const [error] = await next(guarded, "connect_error");

  assert.equal(error.message, "Not authorized");
  assert.deepEqual(error.data, { code: "E1", retryAfter: 5, tried: ["first"] });
  assert.equal(guarded.active, false, "a refused socket must not try again by itself");
  assert.equal((await ask(root, "whoami")).id, root.id);

  const alone = open("/guarded");
  const [again] = await next(alone, "connect_error");
  assert.equal(again.message, "Not authorized");
}

export async function A_refused_client_may_connect_again_with_better_auth({ connect }) {
  const root = await connect();
  const guarded = root.io.socket("/guarded", { auth: { token: "wrong" } });
  await next(guarded, "connect_error");

  guarded.auth = { token: "secret" };
  const up = next(guarded, "connect");
  guarded.connect();
  await up;

  assert.deepEqual(await ask(guarded, "steps"), ["first", "second"]);
  assert.equal((await ask(guarded, "whoami")).id, guarded.id);
}

export async function What_a_connection_handler_emits_comes_after_connect_and_in_order({ open }) {
  const socket = open("/greeting");
  const seen = [];
  socket.on("connect", () => seen.push("connect"));
  socket.onAny((name, n) => seen.push(`${name} ${n}`));
  await next(socket, "done");

  assert.deepEqual(seen, ["connect", "welcome 1", "detail 2", "detail 3", "done 4"]);
}

export async function Events_emitted_before_connect_wait_and_arrive_in_order({ open }) {
  const socket = open();
  const inbox = new Inbox(socket);
  for (let i = 0; i < 50; i++) {
    socket.emit("collect", i);
  }
  const ticks = [];
  socket.on("echo tick", (n) => ticks.push(n));
  socket.volatile.emit("echo", "tick", 1);
  socket.emit("echo", "fence");

  await inbox.until("echo");
  assert.deepEqual(await ask(socket, "collected"), [...Array(50).keys()]);
  assert.deepEqual(ticks, [], "a volatile event of an unconnected socket is dropped");
}

export async function An_unknown_namespace_is_refused_as_Invalid_namespace({ connect }) {
  const root = await connect();
  for (const name of ["/nowhere", "/lobby/", "/__proto__", "/room-x"]) {
    const lost = root.io.socket(name);
    const [error] = await next(lost, "connect_error", `the refusal of ${name}`);
    assert.equal(error.message, "Invalid namespace", name);
    assert.equal(lost.connected, false);
    lost.disconnect();
  }
  assert.equal((await ask(root, "whoami")).id, root.id);
}

export async function A_refused_request_tells_the_client_why({ open }) {
  const socket = open("/", { query: { refuse: "yes" }, reconnection: false });
  const [error] = await next(socket, "connect_error");
  assert.ok(["xhr poll error", "websocket error"].includes(error.message), error.message);
}

export async function A_client_signs_in_by_a_token_and_is_told_why_it_cannot({ connect, join }) {
  const root = await connect();
  for (const [auth, reason] of [[{}, "missing"], [{ token: "nonsense" }, "invalid"], [{ token: "ada.0" }, "expired"]]) {
    const account = root.io.socket("/account", { auth });
    const [error] = await next(account, "connect_error");
    assert.equal(error.message, "Unauthorized");
    assert.deepEqual(error.data, { code: "UNAUTHENTICATED", reason });
    account.auth = { token: "ada.60000" }; // the client acts on it
    account.connect();
    await next(account, "connect");
    assert.equal(await ask(account, "who"), "ada");
    account.disconnect();
    delete root.io.nsps["/account"];
  }
  assert.equal((await ask(root, "whoami")).id, root.id);
}

export async function A_sign_in_is_renewed_without_reconnecting_or_ends({ connect, join }) {
  const root = await connect();
  const account = await join(root, "/account", { auth: { token: "ada.2500" } });
  const id = account.id;
  const [left] = await next(account, "authentication_expiring");
  assert.equal(left, 1);
  const renewed = await ask(account, "authenticate", { token: "ada.2500" });
  assert.ok(Date.parse(renewed.expires) > Date.now(), renewed.expires);
  const other = await ask(account, "authenticate", { token: "eve.60000" });
  assert.deepEqual(other, { error: { message: "Unauthorized", code: "UNAUTHENTICATED", data: { reason: "other user" } } });

  await next(account, "authentication_expiring");
  assert.equal(account.id, id, "it was never disconnected");
  assert.equal(await ask(account, "who"), "ada");
  const [reason] = await next(account, "disconnect");
  assert.equal(reason, "io server disconnect");
  assert.equal((await ask(root, "whoami")).id, root.id);
}
