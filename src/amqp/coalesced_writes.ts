import type { ChannelModel } from "amqplib";
import type { Socket } from "node:net";
import process from "node:process";

/**
 * What amqplib's connection is made of, as much of it as is used here. None of it is documented.
 */
interface Internals {
  readonly stream?: Socket;
  /** By channel number, channel 0 first; a channel writes its frames to its buffer. */
  readonly channels?: ({ readonly buffer: Socket } | null)[];
  /** Makes an entry in `channels`. @returns its number */
  freshChannel?: (...args: unknown[]) => number;
}

/** Octets on their way to the socket above which a publisher should wait. */
const CROWDED_AT = 1024 * 1024;

/**
 * Sends what amqplib writes in one turn of the event loop with one write, at the end of that turn.
 *
 * amqplib has a stream for each channel, and takes its frames from there to the socket one by one
 * in the next turn: every ack leaves later than it could, and each of 100,000 tasks is a system
 * call and a packet that wakes the broker. Here frames go straight to the socket, in the order in
 * which they were made on all channels, and the socket waits for the end of the turn.
 *
 * Should a new version of amqplib look different inside, it writes in its own way.
 */
export function coalesceWrites({ connection }: ChannelModel): void {
  const internals = connection as Internals;
  const { stream: socket, channels, freshChannel } = internals;
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
  if (!channels || !freshChannel) return;
  internals.freshChannel = function (this: unknown, ...args) {
    const number = freshChannel.apply(this, args);
    channels[number]!.buffer.write = (frame: Uint8Array) => {
      return socket.write(frame) || socket.writableLength < CROWDED_AT;
    };
    return number;
  };
  socket.on("drain", () => {
    for (const channel of channels.slice(1)) channel?.buffer.emit("drain");
  });
}
