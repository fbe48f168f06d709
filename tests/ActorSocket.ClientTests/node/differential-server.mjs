// The official server, with the handlers that tests/ActorSocket.WireHost/DifferentialHandlers.cs has: what differs between the two is a difference of the servers.
// Prints the port that it listens on, and ends with its input.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { cors: { origin: "*" } });
const journal = new Map(); // by sequence: what happened to its sockets

function handle(socket) {
  const nsp = socket.nsp;
  const who = socket.handshake.auth.who ?? "";
  const note = (...what) => journal.get(who.split(" ")[0])?.push([socket.id, who, nsp.name, ...what]);
  const seen = [];
  note("connect");
  socket.on("disconnecting", (reason) => note("disconnecting", reason, socket.rooms.size));
  socket.on("disconnect", (reason) => note("disconnect", reason, socket.rooms.size));
  socket.emit("welcome", socket.handshake.auth, socket.rooms.size);

  socket.onAny((name) => seen.push(String(name)));
  socket.use((event, next) => {
    if (event[0] === "forbidden") {
      return next(new Error("no " + event[0]));
    }
    if (event[0] === "rewritten") {
      event[1] = "by the middleware";
    }
    next();
  });
  socket.on("error", (error) => socket.emit("refused", error.message));

  socket.on("echo", (...args) => socket.emit("echoed", ...args));
  socket.on("rewritten", (...args) => socket.emit("echoed", ...args));
  socket.on("message", (...args) => socket.send(...args));
  socket.on("ask", (...args) => args.pop()(...args));
  socket.on("first", (one, ack) => ack(one));
  socket.on("twice", (ack) => (ack("one"), ack("two")));
  socket.on("silent", () => {});
  socket.once("once", (...args) => socket.emit("happened once", ...args));
  socket.on("seen", (ack) => ack(seen));
  socket.on("listen", (name) => socket.on(name, (...args) => socket.emit("heard", name, ...args)));
  socket.on("forget", (name) => socket.removeAllListeners(name));

  socket.on("join", (room, ack) => (socket.join(room), ack?.()));
  socket.on("leave", (room, ack) => (socket.leave(room), ack?.()));
  socket.on("rooms", (ack) => ack([...socket.rooms]));
  socket.on("publish", (target, ...args) => aim(target).emit("published", ...args));
  socket.on("fetch", async (rooms, ack) => ack((await within(rooms).fetchSockets()).map((one) => ({ id: one.id, rooms: [...one.rooms], data: one.data }))));
  socket.on("manage", (what, rooms, room, ack) => {
    const those = within(rooms);
    what === "join" ? those.socketsJoin(room) : what === "leave" ? those.socketsLeave(room) : those.disconnectSockets();
    ack();
  });
  socket.on("remember", (key, value) => (socket.data[key] = value));

  socket.on("question me", (ms, ...args) =>
    socket.timeout(ms).emit("question", ...args, (error, answer) => socket.emit("answered", error ? "timeout" : answer ?? null)));
  socket.on("question room", (ms, room, ...args) =>
    nsp.to(room).timeout(ms).emit("question", ...args, (error, answers) => socket.emit("answered by", error ? "timeout" : "all", answers)));

  socket.on("kick", (close) => socket.disconnect(close));
  socket.on("farewell", (name) => {
    socket.emit(name, 1);
    socket.disconnect();
    socket.emit(name, 2);
  });
  socket.on("many", (count) => {
    for (let i = 0; i < count; i++) {
      socket.emit("one of many", i, i % 3 ? "text" : Buffer.from([i]));
    }
  });

  const within = (rooms) => (rooms.length ? nsp.in(rooms) : nsp);
  function aim({ via, rooms, except, volatile }) {
    let to = via === "socket" ? socket.to(rooms) : via === "broadcast" ? socket.broadcast : within(rooms);
    if (except.length) {
      to = to.except(except);
    }
    return volatile ? to.volatile : to;
  }
}

io.on("connection", handle);
io.of(/^\/d-\w+$/).on("connection", handle);
const guarded = io.of(/^\/guarded-\w+$/);
guarded.use((socket, next) => {
  if (socket.handshake.auth.token === "good") {
    return next();
  }
  const error = new Error("not with this token");
  error.data = { token: socket.handshake.auth.token ?? null, rooms: socket.rooms.size };
  next(error);
});
guarded.on("connection", handle);

// Whoever watches begins and ends a sequence, and asks what became of its sockets.
io.of("/watch").on("connection", (socket) => {
  socket.on("begin", (sequence, ack) => (journal.set(sequence, []), ack()));
  socket.on("journal", (sequence, ack) => ack(journal.get(sequence)));
  socket.on("end", (sequence) => journal.delete(sequence));
});

http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.on("end", () => process.exit()).resume();
