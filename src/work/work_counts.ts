/** What became of the tasks of one run. */
export interface WorkCounts {
  /** Tasks whose work was finished. */
  readonly done: number;
  /** Attempts that failed and are tried again later. */
  readonly retried: number;
  /** Tasks given up, put into the dead-letter queue. */
  readonly dead: number;
  /** Tasks rejected (`basic.reject`): in the queue's own dead-letter exchange, or gone. */
  readonly rejected: number;
  /** Tasks that arrived marked as redelivered and were started. */
  readonly redelivered: number;
  /**
   * Tasks received but not finished that went back to their queue: by `basic.nack`, as a copy at
   * its tail, or through a retry queue.
   */
  readonly requeued: number;
  /** Tasks received but not finished, with no way left to give them back: the broker decides. */
  readonly unfinished: number;
  /** Finished tasks whose connection was gone: they are delivered again. */
  readonly unsettled: number;
  /** Finished tasks that were never acknowledged (`never`): they return when the channel closes. */
  readonly unacked: number;
  /** Tasks that the broker had forgotten (`auto`) before they were finished here. */
  readonly lost: number;
  /** Connections opened after one was lost. */
  readonly reconnects: number;
}

/** Counts of a worker that has done nothing yet. */
export function noCounts(): { -readonly [K in keyof WorkCounts]: number } {
  return {
    done: 0,
    retried: 0,
    dead: 0,
    rejected: 0,
    redelivered: 0,
    requeued: 0,
    unfinished: 0,
    unsettled: 0,
    unacked: 0,
    lost: 0,
    reconnects: 0,
  };
}

/** Counts what a worker does; nobody else keeps a number of it. */
export class WorkCounter {
  readonly #counts = noCounts();

  /** @param by -1 takes back what did not come true */
  add(what: keyof WorkCounts, by = 1): void {
    this.#counts[what] += by;
  }

  /** Tasks brought to their end, so that nobody tries them again: what `--count` is about. */
  get ended(): number {
    const { done, dead, rejected } = this.#counts;
    return done + dead + rejected;
  }

  /** Finished tasks that are never acknowledged. */
  get unacked(): number {
    return this.#counts.unacked;
  }

  /** All numbers as they are now. */
  get counts(): WorkCounts {
    return { ...this.#counts };
  }
}
