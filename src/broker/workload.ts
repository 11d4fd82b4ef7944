import { setImmediate } from "node:timers";
import type { EndOfTurn } from "./end_of_turn.ts";

/**
 * Longest time that work takes of one turn of the event loop, in ms: a client that connects,
 * declares and publishes waits for about ten turns,
 */
const TURN_MS = 3;
/** and one piece of work before the next one's turn comes. */
const SLICE_MS = 1;
/** The clock is looked at after so many steps; a step takes about a microsecond. */
const STEPS_PER_LOOK = 32;

/** Something to be done in slices: the input of a connection, dead letters, queues that expire. */
export interface Work {
  /**
   * Does what there is, or as much as there is time for: after each of its units, which are small,
   * it asks `Workload.over`. @returns whether some is left
   */
  work(): boolean;
  /** The unit at hand has thrown: it ends by its own rule, and the rest goes on without it. */
  failed(error: unknown): void;
}

/**
 * All that the broker does, in slices of a few milliseconds: no client starves the others, and no
 * failure ends more than its own unit of work.
 *
 * Whoever has something to do joins: a connection when its socket has read, the clock with the
 * queues whose time has come, the dead letters. A turn hands out slices, one after the other, until
 * nothing is left or its time is over; then comes the end of the turn, which commits and sends, and
 * the event loop accepts, reads and looks at its timers before the next turn. Who has not had its
 * fill waits behind all others; who comes anew goes before those who go on, but for one of them a
 * turn: a client that asks for little is answered while others flood.
 *
 * Order is kept by whoever is cut: a connection goes on with the next frame of its input, a queue
 * with its next dead letter.
 */
export class Workload implements Disposable {
  readonly #endOfTurn: EndOfTurn;
  readonly #onTurn: (nowMs: number) => void;
  /** They have not had a slice since they came. */
  readonly #fresh = new Set<Work>();
  /** They had one, and it was not enough. */
  readonly #going = new Set<Work>();
  #scheduled: NodeJS.Immediate | undefined;
  #turnEnd = 0;
  #sliceEnd = 0;
  #steps = 0;
  #closed = false;

  /** @param onTurn told when a turn begins, in ms of `performance` */
  constructor(endOfTurn: EndOfTurn, onTurn: (nowMs: number) => void = () => {}) {
    this.#endOfTurn = endOfTurn;
    this.#onTurn = onTurn;
  }

  /** There is something to do. */
  add(work: Work): void {
    if (!this.#going.has(work)) this.#fresh.add(work);
    this.#schedule();
  }

  /** Does the work within the slice at hand, which has caused it; what is left gets its own. */
  within(work: Work): void {
    this.#fresh.delete(work);
    this.#going.delete(work);
    if (this.#attempt(work)) this.#going.add(work);
  }

  /** Counts what was done since it was asked last. @returns whether the slice is over */
  over(steps = 1): boolean {
    this.#steps -= steps;
    if (this.#steps > 0) return false;
    if (performance.now() >= this.#sliceEnd) return true;
    this.#steps = STEPS_PER_LOOK;
    return false;
  }

  #turn(): void {
    this.#scheduled = undefined;
    const nowMs = performance.now();
    this.#onTurn(nowMs);
    this.#turnEnd = nowMs + TURN_MS;
    // One of each has a slice whatever it costs: a long unit keeps nobody out.
    const waited = first(this.#going);
    this.#slice(first(this.#fresh));
    this.#slice(waited);
    while (
      performance.now() < this.#turnEnd && this.#slice(first(this.#fresh) ?? first(this.#going))
    );
    this.#steps = this.#sliceEnd = 0;
    this.#endOfTurn.run();
    if (this.#fresh.size + this.#going.size > 0) this.#schedule();
  }

  /** @returns whether there was something to do */
  #slice(work: Work | undefined): boolean {
    if (work === undefined) return false;
    this.#sliceEnd = performance.now() + SLICE_MS;
    this.#steps = STEPS_PER_LOOK;
    this.within(work);
    return true;
  }

  #attempt(work: Work): boolean {
    try {
      return work.work();
    } catch (error) {
      work.failed(error);
      return true;
    }
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#scheduled ??= setImmediate(() => this.#turn());
  }

  /** Does nothing any more. */
  [Symbol.dispose](): void {
    this.#closed = true;
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }
}

function first(works: Iterable<Work>): Work | undefined {
  for (const work of works) return work;
  return undefined;
}

/** Calls back once the sockets have been looked at: what has arrived by now is known then. */
export function afterInput(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}
