const $ = (id) => document.getElementById(id);
const socket = io("/admin", { autoConnect: false });
window.__socket = socket;
const status = (state, text) => {
  $("status").dataset.state = state;
  $("status").textContent = text;
};

$("login-form").onsubmit = (event) => {
  event.preventDefault();
  socket.auth = { token: $("token").value };
  socket.disconnect().connect();
};
socket.on("connect", () => {
  status("connected", "connected");
  $("login-form").hidden = true;
});
socket.on("connect_error", (error) => status("reconnecting", error.message));
socket.on("disconnect", () => status("reconnecting", "reconnecting…"));
socket.on("figures", (figures) => {
  const megabytes = (bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;
  const member = ({ address, status, isReachable, isSelf }) => `${address.split("@").pop()} ${status.toLowerCase()}${isReachable ? "" : ", unreachable"}${isSelf ? " (this one)" : ""}`;
  const rows = {
    "Node": figures.node, "Cluster": figures.members.map(member).join(" · ") || "none",
    "Up for": `${figures.uptime} s`, Connections: figures.connections, Visitors: figures.sockets, Lobbies: figures.lobbies.map(({ name, heads }) => `${name} (${heads})`).join(", ") || "none",
    "Memory": megabytes(figures.memory), "Managed heap": megabytes(figures.heap), "Pool threads": figures.threads,
  };
  $("figures").hidden = false;
  $("figures").replaceChildren(...Object.entries(rows).flatMap(([label, value]) => [Object.assign(document.createElement("dt"), { textContent: label }), Object.assign(document.createElement("dd"), { textContent: value })]));
});
