// Visitors of the lobby, through nginx: half by long-polling, half by WebSocket. One of them says a numbered line every 100 ms, and says it again until it is
// acknowledged; each notes which lines it was shown, live or by the lobby's history. A crash may cost
// what was not saved yet, a second's lines, for those who were not there to be shown them; nobody may miss more. Commands by standard input: "report" prints one line, "end" leaves.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
const require = createRequire(new URL("../ActorSocket.ClientTests/node/", import.meta.url));
const { io } = require("socket.io-client");

const [url, count] = [process.argv[2], Number(process.argv[3] ?? 20)];
const lobby = "Drill";
const visitors = [];
let said = 0, disconnects = 0, longest = 0;

for (let i = 0; i < count; i++) {
  const visitor = { name: `visitor${i}`, seen: new Set(), inside: false, goneAt: 0 };
  const socket = (visitor.socket = io(url, { transports: [i % 2 ? "websocket" : "polling"], reconnectionDelay: 100, reconnectionDelayMax: 1000, forceNew: true }));
  const see = (line) => visitor.seen.add(line.text);
  socket.on("said", see);
  socket.on("connect", async () => {
    // Whatever happened: say again who we are and where we were, until it is heard.
    while (socket.connected && !(visitor.inside = await enter(visitor).catch(() => false))) await new Promise((done) => setTimeout(done, 200));
    if (visitor.goneAt) { longest = Math.max(longest, Date.now() - visitor.goneAt); visitor.goneAt = 0; }
  });
  socket.on("disconnect", () => { disconnects++; visitor.inside = false; visitor.goneAt ||= Date.now(); });
  async function enter() {
    const ask = socket.timeout(2000);
    if (!(await ask.emitWithAck("login", visitor.name)).name) return false;
    if (i === 0) await ask.emitWithAck("create", lobby);
    const joined = await ask.emitWithAck("join", lobby, true);
    for (const line of joined.history ?? []) see(line);
    return Boolean(joined.name);
  }
  visitors.push(visitor);
}
const all = () => visitors.every((visitor) => visitor.inside);
const lines = () => Array.from({ length: said }, (_, n) => `line ${n + 1}`);
const lost = () => visitors.reduce((sum, { seen }) => sum + lines().filter((line) => !seen.has(line)).length, 0);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const until = async (holds, ms) => { for (const end = Date.now() + ms; !holds() && Date.now() < end; ) await sleep(20); return holds(); };

let talking = true;
const talk = (async () => {
  await until(all, 30_000);
  while (talking) {
    const { socket } = visitors[0];
    const heard = socket.connected && await socket.timeout(2000).emitWithAck("say", `line ${said + 1}`).catch(() => null);
    if (heard?.sent) said++;
    await sleep(100);
  }
})();
for await (const command of createInterface({ input: process.stdin })) {
  if (command !== "report") break;
  const inside = await until(all, 60_000);
  const target = said;
  await until(() => said > target + 3 && lost() <= count, 20_000); // what was said after the last report of a loss is being shown
  await until(() => lost() === 0, 5_000);
  console.log(`${visitors.filter((v) => v.inside).length} of ${count} visitors inside, ${said} lines said, ${lost()} of ${said * count} not shown; since the last report ${disconnects} disconnects, the longest ${longest} ms until inside again`);
  disconnects = longest = 0;
  const missed = Math.max(...visitors.map(({ seen }) => lines().filter((line) => !seen.has(line)).length));
  const nobody = lines().filter((line) => !visitors.some(({ seen }) => seen.has(line))).length;
  if (!inside || nobody > 0 || missed > 10) {
    console.error(`Lost: ${nobody} lines were shown to nobody; one visitor misses ${missed}; all are inside: ${inside}`);
    process.exit(1);
  }
}
talking = false;
await talk;
for (const { socket } of visitors) socket.disconnect();
process.exit(); // standard input is still open
