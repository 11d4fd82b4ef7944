import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import {
  encodeFrame,
  FRAME_BODY,
  FRAME_HEADER,
  FRAME_METHOD,
} from "../../tests/support/amqp_frame.ts";
import { BASIC_CLASS } from "../../tests/support/amqp_methods.ts";
import { AmqpPeer } from "../../tests/support/amqp_peer.ts";
import { encodeHeader, encodeMethod, type Fields } from "../../tests/support/amqp_wire.ts";

/** Payload of the largest frame that both brokers agree to. */
const BODY_FRAME_BYTES = 131_072 - 8;
/** What the attacker itself holds of what the broker does not take yet, in octets. */
const MOST_WAITING_BYTES = 16 * 2 ** 20;

/** So often one piece of many has its bytes. */
const TIMES_IN_PIECE = 1_000;

/** The channel that attackers use. */
export const CHANNEL = 1;

/** Connects, logs in and opens the channel; the socket is cut when the attack is over. */
export async function attacker(url: string, stop: AbortSignal): Promise<AmqpPeer> {
  const peer = await AmqpPeer.open(url);
  stop.addEventListener("abort", () => void peer[Symbol.asyncDispose]());
  await peer.openChannel(CHANNEL);
  return peer;
}

/** A method with its frame. */
export function methodBytes(name: string, args: Fields = {}, channel = CHANNEL): Buffer {
  return encodeFrame(FRAME_METHOD, channel, encodeMethod(name, args));
}

/** A content header with its frame. */
export function headerBytes(bodySize: number, properties: Fields = {}, channel = CHANNEL): Buffer {
  return encodeFrame(FRAME_HEADER, channel, encodeHeader(BASIC_CLASS, bodySize, properties));
}

/** A body in frames of at most so many octets. */
export function bodyBytes(
  body: Buffer,
  { frameBytes: size = BODY_FRAME_BYTES, channel = CHANNEL } = {},
): Buffer {
  const frames = [];
  for (let at = 0; at < body.length; at += size) {
    frames.push(encodeFrame(FRAME_BODY, channel, body.subarray(at, at + size)));
  }
  return Buffer.concat(frames);
}

/** A publish with its header and its body. */
export function publishBytes(args: Fields, bodySize: number, properties: Fields = {}): Buffer {
  return Buffer.concat([
    methodBytes("basic.publish", args),
    headerBytes(bodySize, properties),
    bodyBytes(Buffer.alloc(bodySize, "x")),
  ]);
}

/**
 * Sends all that was encoded, and waits until the broker has come to its end: what is declared,
 * routed and put into `queue` before is done when a passive declaration of it is answered.
 */
export async function workedOff(
  peer: AmqpPeer,
  pieces: readonly Buffer[],
  queue: string,
): Promise<number> {
  peer.together(() => {
    for (const piece of pieces) peer.sendBytes(piece);
  });
  return await lengthOf(peer, queue);
}

/** Messages that are ready in a queue. */
export async function lengthOf(peer: AmqpPeer, queue: string): Promise<number> {
  const { messageCount } = await peer.call(CHANNEL, "queue.declare", { queue, passive: true });
  return messageCount as number;
}

/** Something for each number below `count`. */
export function each<T>(count: number, make: (number: number) => T): T[] {
  return Array.from({ length: count }, (_, number) => make(number));
}

/** The same again and again. */
export function repeated(bytes: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => bytes));
}

/** The same by the hundred thousand: pieces of a thousand each. */
export function inPieces(bytes: Buffer, times: number): Buffer[] {
  const piece = repeated(bytes, TIMES_IN_PIECE);
  return each(times / TIMES_IN_PIECE, () => piece);
}

/** Writes one piece again and again, as fast as the broker takes it; ends when it is cut off. */
export async function flood(
  socket: Socket,
  piece: Uint8Array,
  times: number,
  stop: AbortSignal,
): Promise<void> {
  for (let time = 0; time < times && !stop.aborted && !socket.destroyed; time++) {
    socket.write(piece);
    if (socket.writableLength > MOST_WAITING_BYTES) await writable(socket, stop);
  }
}

/** Resolves when the attack is over: until then the client stays, and does nothing. */
export function overOf(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener("abort", () => resolve());
  });
}

function writable(socket: Socket, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ["drain", "close"]) socket.off(event, done);
      stop.removeEventListener("abort", done);
      resolve();
    };
    for (const event of ["drain", "close"]) socket.once(event, done);
    stop.addEventListener("abort", done);
  });
}
