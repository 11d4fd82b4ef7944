import type { Buffer } from "node:buffer";

/** What is read of all blocked connections together and kept for later, in octets; */
const SHARED_BYTES = 64 * 1024 * 1024;
/** but of each so much at least. */
const LEAST_BYTES = 1024 * 1024;

/**
 * Input of a connection that is blocked because it publishes while memory is short.
 *
 * It is read on and kept, so that the end of the socket is noticed, which stands behind all that
 * the client sent and the kernels hold, some MiB. A client that died without being noticed would
 * keep its queues, and the memory that all wait for, for ever.
 */
export class BlockedInput {
  readonly #connections: () => number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The connection is blocked: what arrives is kept here. */
  holding = false;

  /** @param connections how many there are */
  constructor(connections: () => number) {
    this.#connections = connections;
  }

  /** No more should be read for now. */
  get full(): boolean {
    if (this.#bytes <= LEAST_BYTES) return false;
    return this.#bytes > Math.max(LEAST_BYTES, SHARED_BYTES / this.#connections());
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Ends the holding. @returns what was kept, oldest first. */
  release(): Buffer[] {
    const chunks = this.#chunks;
    this.holding = false;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }
}
