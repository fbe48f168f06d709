import { createServer } from "node:http";
import { Server } from "socket.io";
import { handle } from "./handlers.mjs";

const server = createServer();
handle(new Server(server));
server.listen(+process.argv[2], "127.0.0.1");
