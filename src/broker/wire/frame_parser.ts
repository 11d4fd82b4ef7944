import { Buffer } from "node:buffer";
import { erlangBinary } from "./erlang_text.ts";
import { ConnectionError } from "./protocol_error.ts";

/** Frame types (section 4.2.3). */
export const FRAME_METHOD = 1;
export const FRAME_HEADER = 2;
export const FRAME_BODY = 3;
export const FRAME_HEARTBEAT = 8;
/** The octet that ends every frame (section 4.2.3). */
export const FRAME_END = 0xce;
/** Octets of a frame around its payload: type 1, channel 2, size 4, end 1. */
export const FRAME_OVERHEAD = 8;

const NOTHING = Buffer.alloc(0);

/** Receives each whole frame: its payload is `bytes[start, end)`, valid until the call returns. */
export interface FrameSink {
  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void;
}

/** Cuts a byte stream into frames in one pass; only a frame split between chunks is copied. */
export class FrameParser {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Octets to have before looking again: the rest of the frame that is split. */
  #wanted = 0;
  #paused = false;
  /**
   * The negotiated frame-max, in octets. As in RabbitMQ, a payload may be that large: there are
   * clients that do not count the 8 octets around it.
   */
  maxFrameBytes: number;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** To be called by the sink: `push` ends behind the frame at hand. */
  pause(): void {
    this.#paused = true;
  }

  /**
   * Parses the chunk and hands every whole frame to the sink.
   * @returns what is behind the frame that the sink paused at, else nothing.
   * @throws {ConnectionError} 501 for a frame over frame-max (judged from its header alone, before
   * anything is kept for it) or one without the frame-end octet.
   */
  push(chunk: Buffer, sink: FrameSink): Buffer {
    let bytes = chunk;
    this.#paused = false;
    if (this.#heldBytes > 0) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      if (this.#heldBytes < this.#wanted) return NOTHING;
      bytes = Buffer.concat(this.#held, this.#heldBytes);
      this.#held = [];
      this.#heldBytes = 0;
    }
    const length = bytes.length;
    let at = 0;
    let wanted = 7;
    while (length - at >= 7) {
      const type = bytes[at]!;
      const channel = (bytes[at + 1]! << 8) | bytes[at + 2]!;
      const size = bytes.readUInt32BE(at + 3);
      if (size > this.maxFrameBytes) {
        // Rule (section 4.2.3): a peer must not send a frame larger than the agreed size.
        throw new ConnectionError(
          "FRAME_ERROR",
          `type ${type}, all octets = <<>>: {frame_too_large,${size},${
            this.maxFrameBytes - FRAME_OVERHEAD
          }}`,
        );
      }
      const start = at + 7;
      const end = start + size;
      if (end >= length) {
        wanted = size + FRAME_OVERHEAD;
        break;
      }
      if (bytes[end] !== FRAME_END) throw frameEndMissing(type, bytes, start, end);
      at = end + 1;
      sink.frame(type, channel, bytes, start, end);
      if (this.#paused) {
        this.#paused = false;
        return bytes.subarray(at);
      }
    }
    if (at < length) {
      this.#held.push(at === 0 ? bytes : bytes.subarray(at));
      this.#heldBytes = length - at;
      this.#wanted = wanted;
    }
    return NOTHING;
  }
}

function frameEndMissing(type: number, bytes: Buffer, start: number, end: number): ConnectionError {
  // Rule (section 4.2.3): a frame without the frame-end octet closes the connection with 501.
  const which = end - start > 16 ? "first 16" : "all";
  const octets = erlangBinary(bytes.subarray(start, Math.min(end, start + 16)));
  return new ConnectionError(
    "FRAME_ERROR",
    `type ${type}, ${which} octets = ${octets}: {invalid_frame_end_marker,${bytes[end]}}`,
  );
}
