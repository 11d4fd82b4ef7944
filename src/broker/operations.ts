import type { Work, Workload } from "./workload.ts";

/** So many steps are done at once: hardly any operation has more. */
const AT_ONCE = 100;

/** Told of an operation that is too much for one slice. */
export interface OperationWatcher {
  /** A step threw; it was the last one. */
  failed(error: unknown): void;
  /** It went on later, and is over, failed or not. */
  ended(): void;
}

class Operation implements Work {
  readonly #steps: Iterator<unknown>;
  readonly #isOver: () => boolean;
  readonly #watcher: OperationWatcher;

  constructor(steps: Iterator<unknown>, isOver: () => boolean, watcher: OperationWatcher) {
    this.#steps = steps;
    this.#isOver = isOver;
    this.#watcher = watcher;
  }

  work(): boolean {
    while (!this.#steps.next().done) if (this.#isOver()) return true;
    this.#watcher.ended();
    return false;
  }

  failed(error: unknown): void {
    this.#watcher.failed(error);
  }

  finish(): void {
    try {
      while (!this.#steps.next().done);
    } catch (error) {
      this.failed(error);
    }
  }
}

/**
 * What one method asks for and may be too much for one slice: a message into ten thousand queues,
 * an acknowledgement of a million deliveries, a transaction. Once begun it goes on to its end,
 * whatever becomes of the client.
 */
export class Operations {
  readonly #workload: Workload;
  readonly #going = new Set<Operation>();

  constructor(workload: Workload) {
    this.#workload = workload;
  }

  /**
   * Does the steps, each of them small: now, or what is too much in slices.
   * @returns whether all are done; else the watcher is told.
   * @throws what one of the first throws
   */
  run(steps: Iterator<unknown>, watcher: OperationWatcher): boolean {
    for (let done = 0; done < AT_ONCE; done++) if (steps.next().done) return true;
    this.#workload.over(AT_ONCE); // they count
    let later = false;
    const operation: Operation = new Operation(steps, () => this.#workload.over(), {
      failed: (error) => watcher.failed(error),
      ended: () => {
        this.#going.delete(operation);
        if (later) watcher.ended();
      },
    });
    this.#going.add(operation);
    this.#workload.within(operation);
    later = this.#going.has(operation);
    return !later;
  }

  /** Does all that is left: the broker stops. */
  finish(): void {
    for (const operation of this.#going) operation.finish();
    this.#going.clear();
  }
}
