import type { ChannelModel } from "amqplib";
import type { Socket } from "node:net";
import process from "node:process";

/**
 * Makes one write to the socket of all that amqplib writes in one turn of the event loop.
 *
 * amqplib writes every frame or small message by itself: a system call, and a packet that wakes the
 * broker, for each of 100,000 tasks. Nothing is held back beyond the turn, and `write` still tells
 * when the socket is full.
 *
 * amqplib has no other way to its socket than `connection.stream`, which it does not document;
 * should that go, writes are as they were.
 */
export function coalesceWrites({ connection }: ChannelModel): void {
  const { stream: socket } = connection as { stream?: Socket };
  if (!socket?.cork) return;
  const write = socket.write;
  const uncork = () => socket.uncork();
  socket.write = function (this: Socket, ...args: Parameters<Socket["write"]>) {
    if (this.writableCorked === 0) {
      this.cork();
      process.nextTick(uncork);
    }
    return write.apply(this, args);
  } as Socket["write"];
}
