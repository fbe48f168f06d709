// The same handlers for every Socket.IO peer; ActorSocket's are in Servers.cs.
export function handle(io) {
  io.on("connection", socket => {
    socket.on("echo", (payload, ack) => ack(payload));
    socket.on("join", async (room, ack) => {
      await socket.join(room);
      ack();
    });
    socket.on("broadcast", (room, payload) => io.to(room).emit("bcast", payload));
  });
  return io;
}
