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

/** Octets before the payload. */
const HEADER_BYTES = 7;

const NOTHING = Buffer.alloc(0);

/** Receives each whole frame: its payload is `bytes[start, end)`, valid until the call returns. */
export interface FrameSink {
  frame(type: number, channel: number, bytes: Buffer, start: number, end: number): void;
}

/** Cuts a byte stream into frames in one pass; only a frame split between chunks is copied. */
export class FrameParser {
  /** What has come of a frame that is split. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Octets to have before looking again: the header of the frame that is split, or all of it. */
  #wanted = HEADER_BYTES;
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
    this.#paused = false;
    const { length } = chunk;
    let at = this.#heldBytes > 0 ? this.#pushSplit(chunk, sink) : 0;
    while (!this.#paused && length - at >= HEADER_BYTES) {
      const next = at + this.#frameBytes(chunk, at);
      if (next > length) break;
      deliver(chunk, at, next, sink);
      at = next;
    }
    if (at === length) return NOTHING;
    const rest = at === 0 ? chunk : chunk.subarray(at);
    if (this.#paused) return rest;
    // A copy: the rest of a frame must not keep all that came before it.
    this.#hold(at === 0 ? chunk : Buffer.from(rest));
    this.#wanted = rest.length < HEADER_BYTES ? HEADER_BYTES : this.#frameBytes(rest, 0);
    return NOTHING;
  }

  /** Ends the frame that is split, if the chunk has enough of it. @returns where the next begins */
  #pushSplit(chunk: Buffer, sink: FrameSink): number {
    let at = 0;
    while (this.#heldBytes > 0) {
      const missing = this.#wanted - this.#heldBytes;
      if (chunk.length - at < missing) {
        if (at < chunk.length) this.#hold(chunk.subarray(at));
        return chunk.length;
      }
      this.#hold(chunk.subarray(at, at += missing));
      const bytes = Buffer.concat(this.#held, this.#heldBytes);
      this.#held = [bytes];
      const frameBytes = this.#frameBytes(bytes, 0);
      if (bytes.length < frameBytes) this.#wanted = frameBytes;
      else {
        this.#held = [];
        this.#heldBytes = 0;
        deliver(bytes, 0, frameBytes, sink);
      }
    }
    return at;
  }

  #hold(part: Buffer): void {
    this.#held.push(part);
    this.#heldBytes += part.length;
  }

  /** Octets of the frame whose header is there. */
  #frameBytes(bytes: Buffer, at: number): number {
    const size = bytes.readUInt32BE(at + 3);
    if (size <= this.maxFrameBytes) return size + FRAME_OVERHEAD;
    // Rule (section 4.2.3): a peer must not send a frame larger than the agreed size.
    throw new ConnectionError(
      "FRAME_ERROR",
      `type ${bytes[at]}, all octets = <<>>: {frame_too_large,${size},${
        this.maxFrameBytes - FRAME_OVERHEAD
      }}`,
    );
  }
}

/** Hands the frame at `at`, which ends before `next`, to the sink. */
function deliver(bytes: Buffer, at: number, next: number, sink: FrameSink): void {
  const type = bytes[at]!;
  const channel = (bytes[at + 1]! << 8) | bytes[at + 2]!;
  const [start, end] = [at + HEADER_BYTES, next - 1];
  if (bytes[end] !== FRAME_END) throw frameEndMissing(type, bytes, start, end);
  sink.frame(type, channel, bytes, start, end);
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
