import type { Work, Workload } from "./workload.ts";

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
  /** What is not there was 0. */
  readonly of: WeakMap<Sampled, Figures>;
}

/** What a sampler needs of the broker. */
export interface SamplerContext {
  readonly workload: Pick<Workload, "add" | "over">;
  /** All whose rates are told. */
  readonly all: () => Iterable<Sampled>;
  /** The clock of `turn`, in ms. */
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** Rates are those of this time, and of twice as much at most. */
const WINDOW_MS = 5_000;

/** So many are looked at before the turn has changed anything, in less than a millisecond. */
const AT_ONCE = 500;
/** Of more than that, so many between two looks at the clock. */
const STEP = 16;

/**
 * Looks at all figures every five seconds while the broker has something to do, so that whoever
 * asks learns at once how fast they change. While it rests nothing changes, and nothing is looked
 * at. Of very many queues the look takes several turns: nobody waits for it.
 */
export class Sampler implements Work {
  readonly #context: SamplerContext;
  #older: Sample;
  #newer: Sample;
  /** The one that is being taken, and who is yet to be looked at. */
  #coming: { readonly sample: Sample; readonly left: Iterator<Sampled> } | undefined;
  /** When the last turn with work began: nothing has changed since it ended. */
  #lastTurnAt: number;

  constructor(context: SamplerContext) {
    this.#context = context;
    const to = this.#lastTurnAt = context.now();
    this.#older = this.#newer = { from: -Infinity, to, of: new WeakMap() };
    this.begin();
  }

  /** What changed before now, as all was restored, counts in no rate. */
  begin(): void {
    for (const one of this.#context.all()) keep(this.#newer, one);
  }

  /** A turn with work begins: until now all is as the last one left it. */
  turn(nowMs: number): void {
    if (this.#coming === undefined && nowMs - this.#newer.to >= WINDOW_MS) {
      this.#coming = {
        sample: { from: this.#lastTurnAt, to: nowMs, of: new WeakMap() },
        left: this.#context.all()[Symbol.iterator](),
      };
      if (this.#look(AT_ONCE)) this.#context.workload.add(this);
    }
    this.#lastTurnAt = nowMs;
  }

  work(): boolean {
    while (this.#look(STEP)) if (this.#context.workload.over(STEP)) return true;
    return false;
  }

  failed(error: unknown): void {
    this.#coming = undefined;
    this.#context.failed(error);
  }

  /** @returns whether some are left */
  #look(count: number): boolean {
    if (this.#coming === undefined) return false;
    const { sample, left } = this.#coming;
    for (let n = 0; n < count; n++) {
      const next = left.next();
      if (next.done) {
        [this.#older, this.#newer, this.#coming] = [this.#newer, sample, undefined];
        return false;
      }
      keep(sample, next.value);
    }
    return true;
  }

  /** How fast the figures of one change: over the last five to ten seconds. */
  rates(one: Sampled): RateOf {
    const now = this.#context.now();
    const then = now - WINDOW_MS;
    if (this.#lastTurnAt <= then) return () => 0;
    const sample = this.#newer.from <= then ? this.#newer : this.#older;
    const current = one.figures();
    const before = sample.of.get(one);
    const seconds = (now - Math.min(sample.to, then)) / 1_000;
    return (figure) => (current[figure]! - (before?.[figure] ?? 0)) / seconds;
  }
}

/** Keeps what is not 0: most queues have little to tell. */
function keep({ of }: Sample, one: Sampled): void {
  const figures = one.figures();
  let kept: Record<string, number> | undefined;
  for (const name in figures) if (figures[name] !== 0) (kept ??= {})[name] = figures[name]!;
  if (kept !== undefined) of.set(one, kept);
}
