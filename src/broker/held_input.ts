import type { Buffer } from "node:buffer";

/** What is read of a blocked connection and kept for later, in octets. */
const LIMIT_BYTES = 1024 * 1024;

/**
 * Input of a connection that is blocked because it publishes while memory is short.
 * A little is read on and kept, so that the end of the socket is noticed.
 */
export class HeldInput {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The connection is blocked: what arrives is kept here. */
  holding = false;

  /** No more should be read for now. */
  get full(): boolean {
    return this.#bytes > LIMIT_BYTES;
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
