// A client by the declarations of ContractTests' server. What must not compile says so: an error that does not come is one.
import { io, type Socket } from "socket.io-client";
import type { Answer, ClientToServerEvents, Namespaces, Order, Receipt, ServerToClientEvents } from "contract";

const socket: Socket<ServerToClientEvents, ClientToServerEvents> = io();

socket.on("news", (order, picture) => {
  const item: string = order.item;
  const count: number = order.lines.length + (order.note?.length ?? 0);
  new Blob([picture, item, String(count)]);
  // @ts-expect-error: an order has no such member
  order.prize;
});
socket.on("ready?", (who, ack) => ack(who.length > 0));
// @ts-expect-error: there is no such event
socket.on("new", () => {});
// @ts-expect-error: the answer is a boolean
socket.on("ready?", (who, ack) => ack(who));

export async function buy(order: Order, file: File): Promise<Receipt | null> {
  const answer = await socket.timeout(5000).emitWithAck("buy", order, "express");
  if (answer.error) throw new Error(`${answer.error.message} ${answer.error.code}`);
  const due: string = answer.due;
  socket.emit("buy", { item: due, lines: [1] }, null, (again) => again.error?.code);
  socket.timeout(500).emit("rate", 5, (error, stars) => console.log(error?.message, typeof stars === "number" ? stars : stars.error));
  socket.emit("look");
  socket.emit("look", 2);
  socket.emit("picture", file, () => {});
  // @ts-expect-error: the event has another name
  socket.emit("buys", order, null, () => {});
  // @ts-expect-error: an argument is missing
  socket.emit("buy", order, () => {});
  // @ts-expect-error: the speed is one of two
  await socket.emitWithAck("buy", order, "slow");
  // @ts-expect-error: the answer may be an error
  (await socket.emitWithAck("rate", 5)).toFixed();
  // @ts-expect-error: it is not answered
  await socket.emitWithAck("stream:cancel", 1);
  return answer;
}

export async function* count(to: number): AsyncGenerator<number> {
  const answer = await socket.emitWithAck("count", to);
  if (answer.error) return;
  const items: number[] = [];
  socket.on("stream:next", (id, item) => id === answer.stream && items.push(item as number));
  socket.emit("stream:pull", answer.stream, 16);
  yield* items;
}

const admin: Socket<Namespaces["/admin"]["serverToClient"], Namespaces["/admin"]["clientToServer"]> = io("/admin");
admin.emit("close", (answer: Answer<boolean>) => answer === true);
// @ts-expect-error: that is another namespace's
admin.emit("look");
