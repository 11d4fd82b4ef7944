import { Entry } from "./entry.ts";

/** What held entries need of their queue. */
export interface HeldEntriesOwner {
  /** Milliseconds since 1970 that never go backwards. */
  now(): number;
  /** Look at the queue at this time, or earlier. */
  wakeAt(atMs: number): void;
}

/** Unacknowledged deliveries of a queue that takes back what is overdue. */
export class HeldEntries {
  readonly #owner: HeldEntriesOwner;
  readonly #entries = new Set<Entry>();

  constructor(owner: HeldEntriesOwner) {
    this.#owner = owner;
  }

  /** @param longestMs how long it may be held */
  add(entry: Entry, longestMs: number): void {
    entry.overdueAtMs = this.#owner.now() + longestMs;
    this.#entries.add(entry);
    this.#owner.wakeAt(entry.overdueAtMs);
  }

  delete(entry: Entry): void {
    this.#entries.delete(entry);
  }

  /** Those that are held too long return, while their holder goes on without them. */
  takeBack(requeueing: (entries: readonly Entry[]) => Iterable<void>): void {
    const now = this.#owner.now();
    const overdue = [...this.#entries].filter(({ overdueAtMs }) => overdueAtMs <= now);
    const byHolder = Map.groupBy(overdue, ({ subscriber, getter }) => subscriber ?? getter);
    for (const [holder, entries] of byHolder) {
      holder?.overdue(entries.map((entry) => Entry.remains(entry)));
      for (const _ of requeueing(entries));
    }
    this.#wakeForNext();
  }

  #wakeForNext(): void {
    let next = Infinity;
    for (const { overdueAtMs } of this.#entries) next = Math.min(next, overdueAtMs);
    if (next !== Infinity) this.#owner.wakeAt(next);
  }
}
