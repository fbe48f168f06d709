// Players of the game that `dotnet new actorsocket-game` makes, through nginx: half by long-polling, half by WebSocket. Each does what the
// template's page does: it shows the token of its seat when it comes back, and steers. Commands by standard input: "report" prints one
// line, "end" leaves.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
const require = createRequire(new URL("../ActorSocket.ClientTests/node/", import.meta.url));
const { io } = require("socket.io-client");

const [url, count] = [process.argv[2], Number(process.argv[3] ?? 12)];
const arena = "north";
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const players = [];
let disconnects = 0, longest = 0;

for (let i = 0; i < count; i++) {
  const player = { name: `player${i}`, token: null, number: null, isInside: false, others: 0, seenAt: 0, lost: 0 };
  const transports = [i % 2 ? "websocket" : "polling"];
  const socket = (player.socket = io(url, { transports, reconnectionDelay: 100, reconnectionDelayMax: 1000, forceNew: true }));
  async function ask(event, ...args) {
    for (const { id } = socket; socket.id === id; await sleep(500)) {
      const answer = await socket.timeout(10_000).emitWithAck(event, ...args).catch(() => null);
      if (answer && answer.error?.code !== "INTERNAL_ERROR") return answer;
    }
    return { error: { message: "the connection is lost" } };
  }
  socket.on("connect", async () => {
    if (socket.recovered && player.number !== null) return void (player.isInside = true);
    let entered = player.token ? await ask("return", arena, player.token) : null;
    if (!entered || entered.error?.code === "SEAT_UNKNOWN") entered = await ask("enter", arena, player.name);
    if (entered.error) return;
    if (player.number !== null && player.number !== entered.player) player.lost++;
    Object.assign(player, { token: entered.token, number: entered.player, isInside: true });
  });
  socket.on("disconnect", () => { disconnects++; player.isInside = false; });
  socket.on("dots", (dots) => {
    if (!dots[player.number]) return;
    if (player.seenAt) longest = Math.max(longest, Date.now() - player.seenAt);
    player.seenAt = Date.now();
    player.others = Object.keys(dots).length;
  });
  players.push(player);
}
const any = () => Math.random() * 2 - 1;
const steering = setInterval(() => players.forEach(({ socket }) => socket.connected && socket.emit("steer", any(), any())), 200);
// Shown after the command came, so that what was on its way before a crash does not count.
const all = (since) => players.every((player) => player.isInside && player.others === count && player.seenAt > since);

for await (const command of createInterface({ input: process.stdin })) {
  if (command !== "report") break;
  const since = Date.now() + 100;
  while (!all(since) && Date.now() < since + 90_000) await sleep(20);
  const inside = players.filter((player) => player.isInside).length;
  const lost = players.reduce((sum, player) => sum + player.lost, 0);
  const dots = Math.min(...players.map(({ others }) => others));
  console.log(`${inside} of ${count} players inside, each sees ${dots} dots; since the last report ${disconnects} disconnects, ` +
    `${lost} seats lost, the longest ${longest} ms without being shown the arena`);
  if (!all(since) || lost > 0) {
    for (const { name, isInside, others, seenAt, lost } of players)
      console.error(name, { isInside, others, ago: Date.now() - seenAt, lost });
    process.exit(1);
  }
  disconnects = longest = 0;
}
clearInterval(steering);
for (const { socket } of players) socket.disconnect();
process.exit(); // standard input is still open
