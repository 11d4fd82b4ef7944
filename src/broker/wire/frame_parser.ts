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
  #maxPayload: number;

  /** @param maxFrameBytes largest frame accepted, with its 8 octets of overhead. */
  constructor(maxFrameBytes: number) {
    this.#maxPayload = maxFrameBytes - FRAME_OVERHEAD;
  }

  /** Sets the negotiated frame-max, in octets. */
  set maxFrameBytes(value: number) {
    this.#maxPayload = value - FRAME_OVERHEAD;
  }

  /**
   * Parses the chunk and hands every whole frame to the sink.
   * @throws {ConnectionError} 501 for a frame over frame-max (judged from its header alone, before
   * anything is kept for it) or one without the frame-end octet.
   */
  push(chunk: Buffer, sink: FrameSink): void {
    let bytes = chunk;
    if (this.#heldBytes > 0) {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
      if (this.#heldBytes < this.#wanted) return;
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
      if (size > this.#maxPayload) {
        // Rule (section 4.2.3): a peer must not send a frame larger than the agreed size.
        throw new ConnectionError(
          "FRAME_ERROR",
          `type ${type}, all octets = <<>>: {frame_too_large,${size},${this.#maxPayload}}`,
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
    }
    if (at < length) {
      this.#held.push(at === 0 ? bytes : bytes.subarray(at));
      this.#heldBytes = length - at;
      this.#wanted = wanted;
    }
  }
}

function frameEndMissing(type: number, bytes: Buffer, start: number, end: number): ConnectionError {
  // Rule (section 4.2.3): a frame without the frame-end octet closes the connection with 501.
  const octets = erlangBinary(bytes.subarray(start, Math.min(end, start + 64)));
  return new ConnectionError(
    "FRAME_ERROR",
    `type ${type}, all octets = ${octets}: {invalid_frame_end_marker,${bytes[end]}}`,
  );
}
