import type { EndOfTurn, TurnWork } from "../end_of_turn.ts";
import type { Work, Workload } from "../workload.ts";
import type { DurableStore } from "./durable_store.ts";
import type { ReadyEntries } from "./ready_entries.ts";

/** So many leave at once: with a deleted queue they leave the disk in one transaction. */
const AT_ONCE = 4_000;

/**
 * What was purged, or was in a queue that was deleted. It is in no queue any more, and is forgotten
 * in slices: a million messages would keep all clients waiting for a second.
 */
export class DiscardedEntries implements Work, TurnWork {
  readonly #workload: Workload;
  readonly #endOfTurn: EndOfTurn;
  readonly #store: Pick<DurableStore, "exclude" | "isBusy"> | undefined;
  readonly #lots: ReadyEntries[] = [];

  constructor(
    workload: Workload,
    endOfTurn: EndOfTurn,
    store: Pick<DurableStore, "exclude" | "isBusy"> | undefined,
  ) {
    this.#workload = workload;
    this.#endOfTurn = endOfTurn;
    this.#store = store;
  }

  /** Forgets the entries, now or soon. None that is not on disk yet will be. @returns how many */
  add(entries: ReadyEntries): number {
    const { count } = entries;
    for (let left = AT_ONCE; left > 0; left--) {
      const entry = entries.shift();
      if (entry === undefined) return count;
      entry.queue.forget(entry);
    }
    this.#store?.exclude(entries);
    this.#lots.push(entries);
    this.#workload.add(this);
    return count;
  }

  work(): boolean {
    const isLeft = this.#forget(() => this.#isStoreBusy || this.#workload.over());
    if (!isLeft || !this.#isStoreBusy) return isLeft;
    this.#endOfTurn.want("confirm", this); // when it has committed
    return false;
  }

  endTurn(): boolean {
    this.#workload.add(this);
    return false;
  }

  get #isStoreBusy(): boolean {
    return this.#store?.isBusy ?? false;
  }

  /** @returns whether some is left */
  #forget(isOver: () => boolean): boolean {
    for (let lot = this.#lots[0]; lot !== undefined; lot = this.#lots[0]) {
      for (let entry = lot.shift(); entry !== undefined; entry = lot.shift()) {
        entry.queue.forget(entry);
        if (isOver()) return true;
      }
      this.#lots.shift();
    }
    return false;
  }

  /** Never: nothing in it throws. */
  failed(error: unknown): never {
    throw error;
  }

  /** Forgets all that is left: the broker stops. */
  finish(): void {
    this.#forget(() => false);
  }
}
