import assert from "node:assert/strict";
import { ask, Inbox, next } from "./harness.mjs";

/** a, b, c, d on connections of their own, with their inboxes; `heard()` lets each send a fence to all, since in a cluster each has a node of its own, and says who got which news. */
async function four(connect) {
  const [a, b, c, d] = await Promise.all(Array.from({ length: 4 }, () => connect()));
  const inboxes = Object.entries({ a, b, c, d }).map(([name, socket]) => [name, new Inbox(socket)]);
  const heard = async () => {
    const senders = [a, b, c, d];
    for (const sender of senders) await ask(sender, "publish", { via: "server" }, "fence", null);
    const result = {};
    for (const [name, inbox] of inboxes) {
      const news = [];
      for (let fences = 0; fences < senders.length; fences++) news.push(...(await inbox.until("fence")));
      if (news.length > 0) {
        result[name] = news.map(([, payload]) => payload);
      }
    }
    return result;
  };
  const publish = (from, target, payload) => ask(from, "publish", target, "news", payload);
  return { a, b, c, d, heard, publish };
}

/** What two emitters sent, which a cluster does not put in order. */
function sorted(heard) {
  for (const news of Object.values(heard)) news.sort();
  return heard;
}

export async function A_room_reaches_its_members_but_not_the_sender({ connect }) {
  const { a, b, c, d, heard, publish } = await four(connect);
  await Promise.all([a, b, c].map((socket) => ask(socket, "join", "blue")));

  await publish(a, { via: "socket", to: ["blue"] }, "from a member");
  await publish(d, { via: "socket", to: ["blue"] }, "from outside");
  assert.deepEqual(sorted(await heard()), { a: ["from outside"], b: ["from a member", "from outside"], c: ["from a member", "from outside"] });

  await publish(a, { via: "server", to: ["blue"] }, "from the server");
  await publish(a, { via: "in", to: ["blue"] }, "in");
  assert.deepEqual(await heard(), { a: ["from the server", "in"], b: ["from the server", "in"], c: ["from the server", "in"] });
}

export async function Several_rooms_reach_each_member_once({ connect }) {
  const { a, b, c, heard, publish } = await four(connect);
  await ask(a, "join", "blue");
  await ask(b, "join", "blue");
  await ask(b, "join", "green");
  await ask(c, "join", "green");

  await publish(a, { via: "server", to: ["blue", "green"] }, 1);
  await publish(a, { via: "socket", to: ["green", "blue", "nobody"] }, 2);
  assert.deepEqual(await heard(), { a: [1], b: [1, 2], c: [1, 2] });
}

export async function Except_leaves_rooms_and_sockets_out({ connect }) {
  const { a, b, c, d, heard, publish } = await four(connect);
  await Promise.all([a, b, c].map((socket) => ask(socket, "join", "blue")));
  await ask(c, "join", "muted");

  await publish(a, { via: "server", to: ["blue"], except: ["muted"] }, 1);
  await publish(a, { via: "server", except: ["muted", b.id] }, 2);
  await publish(a, { via: "socket", to: ["blue"], except: ["muted"] }, 3);
  await publish(a, { via: "broadcast", except: [d.id] }, 4);
  assert.deepEqual(await heard(), { a: [1, 2], b: [1, 3, 4], c: [4], d: [2] });
}

export async function Broadcast_reaches_everyone_but_the_sender({ connect }) {
  const { a, b, heard, publish } = await four(connect);
  await publish(a, { via: "broadcast" }, 1);
  await publish(b, { via: "broadcast" }, 2);
  await publish(a, { via: "server" }, 3);
  assert.deepEqual(sorted(await heard()), { a: [2, 3], b: [1, 3], c: [1, 2, 3], d: [1, 2, 3] });
}

export async function A_socket_id_is_a_room({ connect }) {
  const { a, b, c, heard, publish } = await four(connect);
  await publish(a, { via: "server", to: [b.id] }, 1);
  await publish(a, { via: "socket", to: [c.id] }, 2);
  await publish(a, { via: "socket", to: [a.id] }, "not to oneself");
  assert.deepEqual(await heard(), { b: [1], c: [2] });
}

export async function Who_left_a_room_is_not_reached({ connect }) {
  const { a, b, c, heard, publish } = await four(connect);
  await Promise.all([a, b, c].map((socket) => ask(socket, "join", "blue")));
  assert.deepEqual((await ask(b, "whoami")).rooms.sort(), [b.id, "blue"].sort());
  await ask(b, "leave", "blue");
  assert.deepEqual((await ask(b, "whoami")).rooms, [b.id]);

  const gone = next(c, "disconnect");
  c.disconnect();
  await gone;
  await publish(a, { via: "server", to: ["blue"] }, 1);
  c.connect();
  await next(c, "connect");
  await publish(a, { via: "server", to: ["blue"] }, 2);
  assert.deepEqual(await heard(), { a: [1, 2] });
}

export async function Any_text_is_a_room_name({ connect }) {
  const { a, b, heard, publish } = await four(connect);
  const names = ["", "/", "ä ö", "__proto__", "$x", "a,b", "🙂", "constructor"];
  for (const name of names) {
    await ask(b, "join", name);
  }
  for (const name of names) {
    await publish(a, { via: "server", to: [name] }, name);
  }
  assert.deepEqual(await heard(), { b: names });
  assert.deepEqual((await ask(b, "whoami")).rooms.sort(), [b.id, ...names].sort());
}

export async function A_broadcast_keeps_its_order_with_direct_events({ connect }) {
  const { a, b } = await four(connect);
  const inbox = new Inbox(a);
  await ask(a, "join", "blue");
  await ask(b, "join", "blue");
  a.emit("mixed", 200, "blue");
  const events = await inbox.take(600);
  assert.deepEqual(events.map(([name, n]) => `${name} ${n}`), Array.from({ length: 200 }, (_, i) => [`direct ${i}`, `room ${i}`, `all ${i}`]).flat());
}

export async function The_server_moves_and_disconnects_sockets_by_room({ connect }) {
  const { a, b, c, d, heard, publish } = await four(connect);
  await ask(b, "join", "blue");
  await ask(c, "join", "blue");

  await ask(a, "manage", "join", ["blue"], "green");
  await publish(a, { via: "server", to: ["green"] }, 1);
  assert.deepEqual((await ask(a, "fetch", ["green"])).sort(), [b.id, c.id].sort());
  assert.deepEqual((await ask(a, "fetch", [])).sort(), [a.id, b.id, c.id, d.id].sort());
  await ask(a, "manage", "leave", [c.id], "green");
  await publish(a, { via: "server", to: ["green"] }, 2);
  assert.deepEqual(await heard(), { b: [1, 2], c: [1] });

  const ended = Promise.all([b, c].map((socket) => next(socket, "disconnect")));
  await ask(a, "manage", "disconnect", ["blue"], "");
  assert.deepEqual((await ended).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
  assert.deepEqual((await ask(a, "fetch", [])).sort(), [a.id, d.id].sort());
}

export async function Members_are_counted_rooms_are_listed_and_joins_are_heard_of({ connect }) {
  const { a, b, c } = await four(connect);
  const inbox = new Inbox(a);
  await ask(a, "hear rooms", "hall:");
  await ask(a, "join", "hall:1");
  await ask(b, "join", "hall:1");
  await ask(b, "join", "other");
  await ask(c, "join", "hall:2");
  assert.equal(await ask(c, "count", "hall:1"), 2);
  assert.equal(await ask(a, "count", "hall:3"), 0);
  assert.deepEqual(await ask(b, "list", "hall:"), ["hall:1", "hall:2"]);
  assert.deepEqual(await inbox.take(2), [["create-room", "hall:1", ""], ["join-room", "hall:1", a.id]]);

  await ask(b, "leave", "hall:1");
  b.disconnect();
  await ask(a, "leave", "hall:1");
  const left = await inbox.until("delete-room");
  assert.ok(left.some((event) => event.join(" ") === `leave-room hall:1 ${a.id}`));
  assert.equal(await ask(c, "count", "hall:1"), 0);
  assert.deepEqual(await ask(c, "list", "hall:"), ["hall:2"]);
}
