import type { Entry } from "./entry.ts";
import { MessageCounts } from "./message_counts.ts";

/** What a queue counts of its messages. */
export class QueueTally {
  readonly counts = new MessageCounts();
  /** Delivered and not yet settled. */
  unacked = 0;
  /** Sum of their bodies, in octets. */
  unackedBytes = 0;
  /** What all its messages take in memory, in octets (estimate). */
  memoryBytes = 0;
  readonly #accountMemory: (bytes: number) => void;

  /** @param accountMemory told what messages take more, or less */
  constructor(accountMemory: (bytes: number) => void) {
    this.#accountMemory = accountMemory;
  }

  hold(entry: Entry): void {
    this.unacked++;
    this.unackedBytes += entry.message.bodyBytes;
  }

  settle(entry: Entry): void {
    this.unacked--;
    this.unackedBytes -= entry.message.bodyBytes;
  }

  account(memoryBytes: number): void {
    this.memoryBytes += memoryBytes;
    this.#accountMemory(memoryBytes);
  }
}
