/** Counts and amounts by their names. */
export type Figures = Readonly<Record<string, number>>;

/** Something whose figures are looked at from time to time. */
export interface Sampled {
  figures(): Figures;
}

/** How much a figure has changed a second lately. */
export type RateOf = (figure: string) => number;

/** The figures of all, as they were from `from` to `to` (ms of the clock). */
interface Sample {
  readonly from: number;
  readonly to: number;
  readonly of: WeakMap<Sampled, Figures>;
}

/** Rates are those of this time, and of twice as much at most. */
const WINDOW_MS = 5_000;

/**
 * Looks at all figures every five seconds while the broker has something to do, so that whoever
 * asks learns at once how fast they change. While it rests nothing changes, and nothing is looked
 * at.
 */
export class Sampler {
  readonly #all: () => Iterable<Sampled>;
  readonly #now: () => number;
  #older: Sample;
  #newer: Sample;
  /** When the last turn with work began: nothing has changed since it ended. */
  #lastTurnAt: number;

  /** @param now the clock of `turn`, in ms */
  constructor(all: () => Iterable<Sampled>, now: () => number) {
    this.#all = all;
    this.#now = now;
    this.#lastTurnAt = now();
    this.#older = this.#newer = { from: -Infinity, to: now(), of: this.#look() };
  }

  /** A turn with work begins: until now all is as the last one left it. */
  turn(nowMs: number): void {
    if (nowMs - this.#newer.to >= WINDOW_MS) {
      this.#older = this.#newer;
      this.#newer = { from: this.#lastTurnAt, to: nowMs, of: this.#look() };
    }
    this.#lastTurnAt = nowMs;
  }

  /** How fast the figures of one change: over the last five to ten seconds. */
  rates(one: Sampled): RateOf {
    const now = this.#now();
    const then = now - WINDOW_MS;
    if (this.#lastTurnAt <= then) return () => 0;
    const sample = this.#newer.from <= then ? this.#newer : this.#older;
    const current = one.figures();
    const before = sample.of.get(one);
    const seconds = (now - Math.min(sample.to, then)) / 1_000;
    return (figure) => (current[figure]! - (before?.[figure] ?? 0)) / seconds;
  }

  #look(): WeakMap<Sampled, Figures> {
    const figures = new WeakMap<Sampled, Figures>();
    for (const one of this.#all()) {
      const its = one.figures();
      if (!isNothing(its)) figures.set(one, its); // what is unknown counts from 0
    }
    return figures;
  }
}

function isNothing(figures: Figures): boolean {
  for (const name in figures) if (figures[name] !== 0) return false;
  return true;
}
