const socket = io();
const state = document.getElementById("state");
const canvas = document.getElementById("arena");
const pen = canvas.getContext("2d");
const arena = "north";
let me = null;

// The token of the seat outlives a reload of the page, and is this tab's alone.
const seat = { get: () => sessionStorage.getItem("seat"), set: (token) => sessionStorage.setItem("seat", token) };

// Asks until it is answered: an arena whose node has crashed starts again elsewhere, with its seats, which takes a while.
async function ask(event, ...args) {
  for (const { id } = socket; socket.id === id; await new Promise((done) => setTimeout(done, 500))) {
    const answer = await socket.timeout(10_000).emitWithAck(event, ...args).catch(() => null);
    if (answer && answer.error?.code !== "INTERNAL_ERROR") return answer;
    state.textContent = "The arena does not answer, trying again.";
  }
  return { error: { message: "Offline, coming back." } }; // the next connection asks
}

socket.on("disconnect", () => (state.textContent = "Offline, coming back."));
socket.on("connect", async () => {
  if (socket.recovered && me !== null) return (state.textContent = "Back.");
  let entered = seat.get() ? await ask("return", arena, seat.get()) : null;
  if (!entered || entered.error?.code === "SEAT_UNKNOWN") entered = await ask("enter", arena, `Player ${Math.ceil(Math.random() * 99)}`);
  if (entered.error) return (state.textContent = entered.error.message);
  seat.set(entered.token);
  me = entered.player;
  state.textContent = "You are the dark one.";
  draw(entered.dots);
});

socket.on("dots", draw);
function draw(dots) {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const [player, { name, x, y }] of Object.entries(dots)) {
    pen.fillStyle = Number(player) === me ? "#101828" : "#5b8cff";
    pen.beginPath();
    pen.arc(10 + x * (canvas.width - 20), 10 + y * (canvas.height - 20), 8, 0, 2 * Math.PI);
    pen.fill();
    pen.fillText(name, 22 + x * (canvas.width - 20), 14 + y * (canvas.height - 20));
  }
}

const keys = new Set();
for (const kind of ["keydown", "keyup"]) {
  addEventListener(kind, (event) => {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const before = keys.size;
    if (kind === "keydown") keys.add(event.key);
    else keys.delete(event.key);
    if (keys.size !== before)
      socket.emit("steer", keys.has("ArrowRight") - keys.has("ArrowLeft"), keys.has("ArrowDown") - keys.has("ArrowUp"));
  });
}
