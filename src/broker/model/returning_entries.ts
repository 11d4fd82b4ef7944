import type { Entry, EntryQueue } from "./entry.ts";

/** So many are put back at once: what most consumers hold. */
const AT_ONCE = 2_000;

/** What entries on their way back need of their queue. */
export interface ReturningEntriesOwner {
  /** A delivery is over. */
  settled(entry: Entry): void;
  /** Puts one back, or gives it up. */
  putBack(entry: Entry, options: { failed: boolean }): void;
  /** One will not be put back. */
  forget(entry: Entry): void;
  /** All are back. */
  allBack(): void;
  /** Call `goOn` soon, in slices, until none is left. */
  goOnLater(entries: ReturningEntries): void;
}

/** Deliveries that return together, oldest first. */
class Lot {
  /** Why: basic.reject and the end of a consumer mean so, basic.nack does not. */
  readonly failed: boolean;
  readonly #entries: Entry[] = [];
  /** How many of them left it. */
  #left = 0;
  /** Sum of the bodies of the others, in octets. */
  bytes = 0;
  /** The queue was purged, or deleted. */
  dropped = false;

  constructor(failed: boolean) {
    this.failed = failed;
  }

  get count(): number {
    return this.#entries.length - this.#left;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.bytes += entry.message.bodyBytes;
  }

  shift(): Entry | undefined {
    const entry = this.#entries[this.#left];
    if (entry === undefined) return undefined;
    this.#left++;
    this.bytes -= entry.message.bodyBytes;
    return entry;
  }
}

/**
 * Deliveries on their way back to their queue, which delivers nothing meanwhile, so that their
 * order is kept. Many are put back in slices: a million would keep all clients waiting for a
 * second.
 */
export class ReturningEntries {
  readonly queue: EntryQueue;
  readonly #owner: ReturningEntriesOwner;
  /** Those that still grow, */
  readonly #growing = new Set<Lot>();
  /** and those that are put back, one after the other. */
  readonly #lots: Lot[] = [];

  constructor(queue: EntryQueue, owner: ReturningEntriesOwner) {
    this.queue = queue;
    this.#owner = owner;
  }

  /** Whether some are not back yet. */
  get areLeft(): boolean {
    return this.#lots.length + this.#growing.size > 0;
  }

  /** How many are not back yet. */
  get count(): number {
    return this.areLeft ? this.#sum(({ count }) => count) : 0;
  }

  /** Sum of their bodies, in octets. */
  get bytes(): number {
    return this.areLeft ? this.#sum(({ bytes }) => bytes) : 0;
  }

  #sum(figure: (lot: Lot) => number): number {
    let sum = 0;
    for (const lots of [this.#growing, this.#lots]) {
      for (const lot of lots) if (!lot.dropped) sum += figure(lot);
    }
    return sum;
  }

  /**
   * Takes deliveries in steps, and puts them back, now or soon, behind those that are on their way
   * already.
   */
  *add(entries: Iterable<Entry>, { failed }: { failed: boolean }): Generator<void> {
    const lot = new Lot(failed);
    this.#growing.add(lot);
    try {
      for (const entry of entries) {
        if (entry.released) continue;
        this.#owner.settled(entry);
        lot.add(entry);
        yield;
      }
    } finally {
      this.#growing.delete(lot);
      this.#begin(lot);
    }
  }

  #begin(lot: Lot): void {
    this.#lots.push(lot);
    if (this.#lots.length > 1) return;
    try {
      this.hurry();
    } finally {
      if (this.#lots.length > 0) this.#owner.goOnLater(this);
    }
  }

  /** Puts some back now: somebody waits for them. */
  hurry(): void {
    if (this.#lots.length === 0) return;
    let left = AT_ONCE;
    this.goOn(() => --left === 0);
  }

  /** @param isOver asked after each. @returns whether some are left */
  goOn(isOver: () => boolean): boolean {
    for (let lot = this.#lots[0]; lot !== undefined; lot = this.#lots[0]) {
      for (let entry = lot.shift(); entry !== undefined; entry = lot.shift()) {
        if (lot.dropped) this.#owner.forget(entry);
        else this.#owner.putBack(entry, lot);
        const areLeft = lot.count > 0 || this.#lots.length > 1;
        if (areLeft && isOver()) return true;
      }
      this.#lots.shift();
    }
    if (!this.areLeft) this.#owner.allBack();
    return false;
  }

  /** None of them will be put back. @returns how many they are */
  drop(): number {
    const { count } = this;
    for (const lots of [this.#growing, this.#lots]) for (const lot of lots) lot.dropped = true;
    return count;
  }

  /** Puts all back now: the broker stops. */
  finish(): void {
    this.goOn(() => false);
  }
}
