// A newcomer's hands and eyes: opens a page in Chromium by its DevTools protocol, types, clicks, and waits until something is seen.
// usage: node browser.mjs URL STEP…, where a step is "type SELECTOR TEXT", "click SELECTOR", "see SELECTOR TEXT" or "true
// EXPRESSION". Prints how long it took, in seconds.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [url, ...steps] = process.argv.slice(2);
const started = performance.now();
const profile = mkdtempSync(join(tmpdir(), "browser-"));
const browser = spawn(
  process.env.CHROMIUM_PATH ?? "chromium",
  ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank"],
  { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
);
const [, , , toBrowser, fromBrowser] = browser.stdio;
const gone = new Promise((done) => browser.once("exit", done));

// Each message is JSON that ends with a zero.
const answers = new Map();
let asked = 0, received = "";
fromBrowser.setEncoding("utf8").on("data", (chunk) => {
  const messages = (received + chunk).split("\0");
  received = messages.pop();
  for (const { id, result, error } of messages.map(JSON.parse))
    answers.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
});
const ask = (method, params = {}, sessionId = undefined) => new Promise((answered) => {
  answers.set(++asked, answered);
  toBrowser.write(JSON.stringify({ id: asked, method, params, sessionId }) + "\0");
});

try {
  const { targetInfos } = await ask("Target.getTargets");
  const { targetId } = targetInfos.find(({ type }) => type === "page");
  const { sessionId } = await ask("Target.attachToTarget", { targetId, flatten: true });
  const page = (method, params) => ask(method, params, sessionId);
  const { errorText } = await page("Page.navigate", { url });
  if (errorText) throw new Error(`${url}: ${errorText}`);

  // What a person sees of an element: where its middle is and what it says; nothing of one that is hidden.
  const look = async (selector) => (await page("Runtime.evaluate", { returnByValue: true, expression: `(() => {
    const element = document.querySelector(${JSON.stringify(selector)}), box = element?.getBoundingClientRect();
    return box?.width ? { x: box.x + box.width / 2, y: box.y + box.height / 2, text: element.innerText } : null;
  })()` })).result.value;
  const until = async (find, isSo, what) => {
    let found;
    for (const end = performance.now() + 30_000; performance.now() < end; await new Promise((done) => setTimeout(done, 20)))
      if (isSo((found = await find()))) return found;
    throw new Error(`Not so for 30 s: ${what}, but ${JSON.stringify(found)}`);
  };
  const wait = (selector, text = "") => until(() => look(selector), (seen) => seen?.text.includes(text), `${selector} shows "${text}"`);
  // Who clicks waits until it stands still, and nothing is before it.
  const reachable = (selector) => `(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    element?.scrollIntoView({ block: "nearest" });
    const box = element?.getBoundingClientRect(), at = box && [box.x + box.width / 2, box.y + box.height / 2];
    return box?.width && element.contains(document.elementFromPoint(...at)) && !element.disabled ? at.join() : null;
  })()`;
  const click = async (selector) => {
    let before;
    const place = async () => (await page("Runtime.evaluate", { expression: reachable(selector) })).result.value;
    const still = (now) => { const isSo = now && now === before; before = now; return isSo; };
    const [x, y] = (await until(place, still, `${selector} can be clicked`)).split(",").map(Number);
    for (const type of ["mousePressed", "mouseReleased"])
      await page("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  };
  for (const step of steps) {
    const [, verb, selector, text] = /^(\w+) (\S+) ?(.*)$/.exec(step);
    const value = async () => (await page("Runtime.evaluate", { expression: selector })).result.value;
    if (verb === "true") await until(value, (found) => found === true, selector);
    else if (verb === "see") await wait(selector, text);
    else await click(selector);
    if (verb === "type") await page("Input.insertText", { text });
  }
  console.log(((performance.now() - started) / 1000).toFixed(1));
} finally {
  browser.kill();
  await gone;
  try { rmSync(profile, { recursive: true, force: true, maxRetries: 10 }); } catch { /* a process of the browser's still writes */ }
}
process.exit(); // the pipes are still open
