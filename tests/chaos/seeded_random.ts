// deno-lint-ignore-file no-console -- it prints to the terminal
/** Numbers that look random and come again with the same seed (mulberry32). */
export class SeededRandom {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /**
   * With the seed in `WORKTOOL_CHAOS_SEED`, else with one that nobody chose; prints it, so that a
   * run can be tried again. The choices are the same then; when exactly they strike is not.
   */
  static printed(what: string): SeededRandom {
    const given = Deno.env.get("WORKTOOL_CHAOS_SEED");
    const seed = Number(given ?? crypto.getRandomValues(new Uint32Array(1))[0]);
    console.log(`${what}: WORKTOOL_CHAOS_SEED=${seed}`);
    return new SeededRandom(seed);
  }

  /** From 0 up to, and not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 up to, and not including, the limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
