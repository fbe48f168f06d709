// node main.mjs <script> <case> --url http://… --mode polling|websocket|upgrade [--name value …]
// Runs one exported case of a script. Prints JSON lines: {"signal":…} on the way, {"ok":true,…} or {"ok":false,"error":…} at the end.
import { Context, say } from "./harness.mjs";

const [script, name, ...rest] = process.argv.slice(2);
const options = {};
for (let i = 0; i < rest.length; i += 2) {
  options[rest[i].slice(2)] = rest[i + 1];
}

try {
  const run = (await import(`./${script}.mjs`))[name];
  if (!run) {
    throw new Error(`${script}.mjs has no case ${name}`);
  }
  const context = new Context(options);
  const result = await run(context);
  await context.finish();
  say({ ok: true, ...result });
  process.stdin.destroy(); // nothing is left to do: the process ends when the sockets have said goodbye
} catch (error) {
  say({ ok: false, error: error?.stack ?? String(error) });
  process.stdout.write("", () => process.exit(1));
}
