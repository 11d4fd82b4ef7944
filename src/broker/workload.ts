import { setImmediate } from "node:timers";
import type { EndOfTurn } from "./end_of_turn.ts";

/** Longest time that work takes of one turn of the event loop, in ms. */
const TURN_MS = 3;
/**
 * The same while clients come that ask for little: one that connects, declares and publishes waits
 * for about ten turns;
 */
const SHORT_TURN_MS = 1;
/** and for so long after the last one. */
const SHORT_TURNS_MS = 200;
/** Longest time of one piece of work before the next one's turn comes, in ms. */
const SLICE_MS = 1;
/** The clock is looked at after so many steps; a step takes about a microsecond. */
const STEPS_PER_LOOK = 32;
/**
 * Who needs more looks asks for much. Not time is counted: whoever a collection of garbage
 * interrupts would wait behind all others for it.
 */
const LIGHT_LOOKS = 8;

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
 * the event loop accepts, reads and looks at its timers before the next turn.
 *
 * Who asks for little goes before those who ask for much, and is answered before their slices
 * begin; one of those has its slice in each turn nevertheless. Who has not had its fill waits
 * behind all others. So a client that asks for little is served while others flood.
 *
 * Order is kept by whoever is cut: a connection goes on with the next frame of its input, a queue
 * with its next dead letter.
 */
export class Workload implements Disposable {
  readonly #endOfTurn: EndOfTurn;
  readonly #onTurn: (nowMs: number) => void;
  /** They ask for little, for all that is known. */
  readonly #light = new Set<Work>();
  /** They ask for much: their last slice was not enough, or took many steps. */
  readonly #heavy = new Set<Work>();
  /** Their last slice took many steps. */
  readonly #wereHeavy = new WeakSet<Work>();
  #scheduled: NodeJS.Immediate | undefined;
  #shortUntil = 0;
  #sliceEnd = 0;
  #steps = 0;
  #looks = 0;
  #mostLooks = Infinity;
  #closed = false;

  /** @param onTurn told when a turn begins, in ms of `performance` */
  constructor(endOfTurn: EndOfTurn, onTurn: (nowMs: number) => void = () => {}) {
    this.#endOfTurn = endOfTurn;
    this.#onTurn = onTurn;
  }

  /** There is something to do. */
  add(work: Work): void {
    if (!this.#heavy.has(work)) (this.#wereHeavy.has(work) ? this.#heavy : this.#light).add(work);
    this.#schedule();
  }

  /** Does the work within the slice at hand, which has caused it; what is left gets its own. */
  within(work: Work): void {
    this.#light.delete(work);
    this.#heavy.delete(work);
    if (!this.#attempt(work)) return;
    this.#heavy.add(work);
    this.#schedule();
  }

  /** Counts what was done since it was asked last. @returns whether the slice is over */
  over(steps = 1): boolean {
    this.#steps -= steps;
    if (this.#steps > 0) return false;
    this.#looks++;
    if (this.#looks > this.#mostLooks || performance.now() >= this.#sliceEnd) return true;
    this.#steps = STEPS_PER_LOOK;
    return false;
  }

  #turn(): void {
    this.#scheduled = undefined;
    const nowMs = performance.now();
    this.#onTurn(nowMs);
    if (this.#light.size > 0) this.#shortUntil = nowMs + SHORT_TURNS_MS;
    const turnEnd = nowMs + (nowMs < this.#shortUntil ? SHORT_TURN_MS : TURN_MS);
    while (this.#slice(first(this.#light)) && performance.now() < turnEnd);
    if (this.#heavy.size > 0) this.#endOfTurn.answer();
    // One has a slice whatever the others cost: they keep nobody out.
    this.#slice(first(this.#heavy));
    while (
      performance.now() < turnEnd && this.#slice(first(this.#light) ?? first(this.#heavy))
    );
    this.#steps = this.#sliceEnd = 0;
    this.#endOfTurn.run();
    if (this.#light.size + this.#heavy.size > 0) this.#schedule();
  }

  /** @returns whether there was something to do */
  #slice(work: Work | undefined): boolean {
    if (work === undefined) return false;
    this.#sliceEnd = performance.now() + SLICE_MS;
    this.#steps = STEPS_PER_LOOK;
    this.#looks = 0;
    this.#mostLooks = this.#light.has(work) ? LIGHT_LOOKS : Infinity;
    this.within(work);
    if (this.#looks > LIGHT_LOOKS) this.#wereHeavy.add(work);
    else this.#wereHeavy.delete(work);
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
