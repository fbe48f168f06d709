/**
 * Shows the connection's state, its transport and a round trip every two seconds.
 * @param {PageSocket} socket
 */
export function showBanner(socket, { status, transport, ping }) {
  const set = (state, text) => {
    status.dataset.state = state;
    status.textContent = text;
  };
  const showTransport = () => (transport.textContent = socket.io.engine?.transport?.name ?? "–");
  socket.on("connect", () => {
    set("connected", "connected");
    showTransport();
    socket.io.engine.on("upgrade", showTransport);
  });
  socket.on("disconnect", (reason) => set("reconnecting", reason === "io client disconnect" ? "left" : "reconnecting…"));
  socket.io.on("reconnect_attempt", (attempt) => set("reconnecting", `reconnecting… (${attempt})`));
  socket.on("connect_error", (error) => {
    if (!socket.active) set("reconnecting", error.message);
  });
  setInterval(() => {
    if (!socket.connected) return;
    const start = performance.now();
    socket.timeout(5000).emit("ping?", (error) => {
      if (!error) ping.textContent = `${Math.round(performance.now() - start)} ms`;
    });
  }, 2000);
}
