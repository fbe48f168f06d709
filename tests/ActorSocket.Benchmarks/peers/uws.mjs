import { createRequire } from "node:module";
import { Server } from "socket.io";
import { handle } from "./handlers.mjs";

const require = createRequire(import.meta.url);
function load() {
  try {
    return require("@btc-vision/uwebsockets.js");
  } catch {
    return require("@trufflesuite/uws-js-unofficial/dist/uws.js"); // older, for systems whose C library is too old for the newer one
  }
}

const uws = load();
if (!uws._cfg) throw new Error("the package fell back to JavaScript: no native build for this system");
const app = uws.App();
handle(new Server()).attachApp(app);
app.listen("127.0.0.1", +process.argv[2], listening => {
  if (!listening) process.exit(1);
});
