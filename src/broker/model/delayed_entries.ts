import type { Entry } from "./entry.ts";
import type { DelayedRetry } from "./queue_policy.ts";

/** Returned entries that wait until they are delivered again (x-delayed-retry-type). */
export class DelayedEntries {
  readonly #rule: DelayedRetry | undefined;
  /** In the order in which they become ready. */
  #waiting: { entry: Entry; atMs: number }[] = [];

  /** @param rule undefined for a queue that delays nothing */
  constructor(rule: DelayedRetry | undefined) {
    this.#rule = rule;
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** When the next is ready; Infinity for none. */
  get nextAtMs(): number {
    return this.#waiting[0]?.atMs ?? Infinity;
  }

  /** Keeps a returned entry, if the rule says so. */
  takes(entry: Entry, { failed, now }: { failed: boolean; now: number }): boolean {
    const rule = this.#rule;
    if (rule === undefined || rule.which === (failed ? "returned" : "failed")) return false;
    const delayMs = Math.min(rule.leastMs * Math.max(1, entry.deliveryCount), rule.mostMs);
    const atMs = now + delayMs;
    const at = this.#waiting.findLastIndex((other) => other.atMs <= atMs) + 1;
    this.#waiting.splice(at, 0, { entry, atMs });
    return true;
  }

  /** Takes those that are ready by now, in order. */
  takeReady(now: number): Entry[] {
    const end = this.#waiting.findIndex(({ atMs }) => atMs > now);
    const ready = this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
    return ready.map(({ entry }) => entry);
  }
}
