import type { Socket } from "socket.io-client";
import type * as Contract from "contract";

/** What the page's scripts have without importing it. */
declare global {
  /** Of /socket.io/socket.io.js. */
  const io: typeof import("socket.io-client").io;

  interface Window {
    __socket: PageSocket;
    __pong: unknown;
  }

  type PageSocket = Socket<Contract.ServerToClientEvents, Contract.ClientToServerEvents>;

  type Asked = Contract.ClientToServerEvents;

  type Question<E extends keyof Asked> = Parameters<Asked[E]> extends [...infer Args, (answer: any) => void] ? Args : never;

  type Reply<E extends keyof Asked> = Parameters<Asked[E]> extends [...any[], (answer: infer R) => void] ? Exclude<R, Contract.Refusal> : never;

  type PongView = Contract.PongView;
}
