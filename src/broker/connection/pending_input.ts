import type { Buffer } from "node:buffer";

/** A client is not read while so many of its octets wait for their turn. */
const WAITING_BYTES = 64 * 1024;

/**
 * Input that a connection has read and not yet looked at: it waits for its turn, or for the end of
 * the blocking because the client publishes while memory is short.
 *
 * A blocked one is read on, so that the end of the socket is noticed, which stands behind all that
 * the client sent and the kernels hold, some MiB. A client that died without being noticed would
 * keep its queues, and the memory that all wait for, for ever.
 */
export class PendingInput {
  readonly #roomBytes: () => number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** The connection is blocked: what arrives is kept here. */
  holding = false;

  /** @param roomBytes how much is kept at most, give or take what is read at once */
  constructor(roomBytes: () => number) {
    this.#roomBytes = roomBytes;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** No more should be read for now. */
  get full(): boolean {
    // The first piece goes at the end of this turn: pausing the socket for it would only cost.
    if (!this.holding) return this.#chunks.length > 1 && this.#bytes > WAITING_BYTES;
    return this.#bytes > 0 && this.#bytes > this.#roomBytes();
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Takes the oldest. */
  take(): Buffer | undefined {
    const chunk = this.#chunks.shift();
    this.#bytes -= chunk?.length ?? 0;
    return chunk;
  }

  /** Puts back what is left of the one that was taken last. */
  putBack(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#chunks.unshift(rest);
    this.#bytes += rest.length;
  }

  /** Forgets all. */
  clear(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }
}
