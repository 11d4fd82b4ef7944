import type { Entry, EntryQueue } from "./entry.ts";

/** So many are put back at once: what most consumers hold. */
const AT_ONCE = 2_000;

/** What entries on their way back need of their queue. */
export interface ReturningEntriesOwner {
  /** Puts one back, or gives it up. */
  putBack(entry: Entry, options: { failed: boolean }): void;
  /** All are back. */
  allBack(): void;
  /** Call `goOn` soon, in slices, until none is left. */
  goOnLater(entries: ReturningEntries): void;
}

interface Lot {
  readonly entries: readonly Entry[];
  readonly failed: boolean;
  /** The next one. */
  at: number;
}

/**
 * Deliveries on their way back to their queue, which delivers nothing meanwhile, so that their
 * order is kept. Many are put back in slices: a million would keep all clients waiting for a
 * second.
 */
export class ReturningEntries {
  readonly queue: EntryQueue;
  readonly #owner: ReturningEntriesOwner;
  readonly #lots: Lot[] = [];
  #count = 0;
  #bytes = 0;

  constructor(queue: EntryQueue, owner: ReturningEntriesOwner) {
    this.queue = queue;
    this.#owner = owner;
  }

  /** How many are not back yet. */
  get count(): number {
    return this.#count;
  }

  /** Sum of their bodies, in octets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Puts them back, now or soon, behind those that are on their way already. */
  add(entries: readonly Entry[], { failed }: { failed: boolean }): void {
    const isFirst = this.#count === 0;
    this.#lots.push({ entries, failed, at: 0 });
    this.#count += entries.length;
    for (const { message } of entries) this.#bytes += message.bodyBytes;
    if (!isFirst) return;
    let left = AT_ONCE;
    try {
      this.goOn(() => --left === 0);
    } finally {
      if (this.#count > 0) this.#owner.goOnLater(this);
    }
  }

  /** @param isOver asked after each. @returns whether some are left */
  goOn(isOver: () => boolean): boolean {
    for (let lot = this.#lots[0]; lot !== undefined; lot = this.#lots[0]) {
      while (lot.at < lot.entries.length) {
        const entry = lot.entries[lot.at++]!;
        this.#count--;
        this.#bytes -= entry.message.bodyBytes;
        this.#owner.putBack(entry, lot);
        if (this.#count > 0 && isOver()) return true;
      }
      this.#lots.shift();
    }
    this.#owner.allBack();
    return false;
  }

  /** Puts all back now: somebody cannot wait for them. */
  finish(): void {
    if (this.#count > 0) this.goOn(() => false);
  }
}
