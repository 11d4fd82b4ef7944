/** Frames of AMQP 0-9-1, for tests and benchmarks only: of no client and no broker. */
import { Buffer } from "node:buffer";

/** AMQP 0-9-1 section 4.2.3, frame types. */
export const FRAME_METHOD = 1;
export const FRAME_HEADER = 2;
export const FRAME_BODY = 3;
export const FRAME_HEARTBEAT = 8;
/** What each frame ends with. */
export const FRAME_END = 0xce;
/** Head and end together. */
export const FRAME_OVERHEAD_BYTES = 8;

/** A frame with its head and its end. */
export function encodeFrame(type: number, channel: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.of(FRAME_END)]);
}
