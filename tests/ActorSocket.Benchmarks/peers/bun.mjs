import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";
import { handle } from "./handlers.mjs";

const engine = new Engine({ path: "/socket.io/" });
handle(new Server()).bind(engine);
Bun.serve({ ...engine.handler(), hostname: "127.0.0.1", port: +process.argv[2], idleTimeout: 60 });
