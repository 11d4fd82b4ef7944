import type { Work, Workload } from "../workload.ts";
import type { EntryQueue } from "./entry.ts";
import type { ReturningEntries } from "./returning_entries.ts";

/** Deliveries that return to their queues in slices, because they are many. */
export class Returns implements Work {
  readonly #workload: Workload;
  readonly #onFailed: (queue: EntryQueue, error: unknown) => void;
  readonly #returning = new Set<ReturningEntries>();
  #queue: EntryQueue | undefined;

  /** @param onFailed told where one could not be put back; the others go on */
  constructor(workload: Workload, onFailed: (queue: EntryQueue, error: unknown) => void) {
    this.#workload = workload;
    this.#onFailed = onFailed;
  }

  add(entries: ReturningEntries): void {
    this.#returning.add(entries);
    this.#workload.add(this);
  }

  work(): boolean {
    for (const entries of this.#returning) {
      this.#queue = entries.queue;
      const isLeft = entries.goOn(() => this.#workload.over());
      this.#returning.delete(entries);
      if (!isLeft) continue;
      this.#returning.add(entries); // behind the others
      return true;
    }
    return false;
  }

  failed(error: unknown): void {
    this.#onFailed(this.#queue!, error);
  }

  /** Puts all back that is left: the broker stops. */
  finish(): void {
    for (const entries of this.#returning) entries.finish();
    this.#returning.clear();
  }
}
