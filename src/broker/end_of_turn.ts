import { setImmediate } from "node:timers";

/** What happens at the end of a turn, in this order. */
const STAGES = ["commit", "confirm", "send"] as const;

export type Stage = typeof STAGES[number];

/** Something with work for the end of a turn. */
export interface TurnWork {
  /**
   * Does what there is, or a bounded part of it. @returns whether some is left for the next turn
   */
  endTurn(): boolean;
  /** `endTurn` threw: ends what is concerned, and nothing else. */
  failed(error: unknown): void;
}

/**
 * The end of a turn of the event loop, where everything that the turn has gathered leaves together:
 * the store commits, then channels write the confirms that the commit allows, then sockets are
 * written to.
 *
 * The order is the guarantee: a confirm never leaves before its message is committed, nor an answer
 * before the acknowledgement that preceded it is. (Only a connection whose output outgrows its
 * limit sends what it has earlier. Confirms are never among it, for they are written here, but
 * those of what no queue took: they wait for nothing.)
 */
export class EndOfTurn implements Disposable {
  readonly #work: Readonly<Record<Stage, Set<TurnWork>>> = {
    commit: new Set(),
    confirm: new Set(),
    send: new Set(),
  };
  #scheduled: NodeJS.Immediate | undefined;
  #running = false;
  #closed = false;

  /** Calls `work.endTurn` at the end of this turn, once; from an earlier stage, in the same end. */
  want(stage: Stage, work: TurnWork): void {
    this.#work[stage].add(work);
    if (!this.#running) this.#schedule();
  }

  /** Ends the turn now: somebody cannot wait for it. */
  run(): void {
    if (this.#running) return; // it is ending
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#running = true;
    try {
      for (const stage of STAGES) this.#runStage(stage);
    } finally {
      this.#running = false;
      if (STAGES.some((stage) => this.#work[stage].size > 0)) this.#schedule();
    }
  }

  /** Sends what is ready, in the midst of a turn, unless it may have to wait for the commit. */
  answer(): void {
    if (this.#work.commit.size === 0) this.run();
  }

  #runStage(stage: Stage): void {
    const all = this.#work[stage];
    if (all.size === 0) return;
    for (const work of [...all]) {
      all.delete(work);
      try {
        if (work.endTurn()) all.add(work);
      } catch (error) {
        work.failed(error);
      }
    }
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#scheduled ??= setImmediate(() => this.run());
  }

  /** Ends no turn any more. */
  [Symbol.dispose](): void {
    this.#closed = true;
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }
}
