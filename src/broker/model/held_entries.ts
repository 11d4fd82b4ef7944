import type { DeliveryHolder, Entry } from "./entry.ts";

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

  /** Those that are held too long, by who holds them. */
  overdue(): Map<DeliveryHolder | undefined, Entry[]> {
    const now = this.#owner.now();
    const overdue = [...this.#entries].filter(({ overdueAtMs }) => overdueAtMs <= now);
    return Map.groupBy(overdue, ({ subscriber, getter }) => subscriber ?? getter);
  }

  /** Sees to it that the queue is looked at when the next is overdue. */
  wakeForNext(): void {
    let next = Infinity;
    for (const { overdueAtMs } of this.#entries) next = Math.min(next, overdueAtMs);
    if (next !== Infinity) this.#owner.wakeAt(next);
  }
}
