import { Buffer } from "node:buffer";
import { endOfText, nearestText } from "../../retry/utf8.ts";

/** So much more is kept, to be cut off, that a character torn at the start is never shown. */
const LONGEST_CHARACTER_BYTES = 4;

/** Keeps the end of a stream of bytes. */
export class Tail {
  readonly #maxBytes: number;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Adds to the end. */
  push(chunk: Uint8Array): void {
    const all = chunk.length > this.#maxBytes + LONGEST_CHARACTER_BYTES
      ? chunk
      : Buffer.concat([this.#bytes, chunk]);
    this.#bytes = Buffer.from(all.subarray(-this.#maxBytes - LONGEST_CHARACTER_BYTES));
  }

  /**
   * At most so many bytes of UTF-8, from the start of a character. What is not UTF-8 becomes
   * U+FFFD.
   */
  text(): string {
    return endOfText(nearestText(this.#bytes), this.#maxBytes);
  }
}
