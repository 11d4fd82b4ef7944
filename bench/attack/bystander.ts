import { percentileOf } from "../statistics.ts";

/** What another client waited, in milliseconds; a round that did not end counts with its time. */
export interface Waits {
  readonly rounds: number;
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

type Told = "ready" | { readonly ms: number; readonly failure?: string };

/** Measures what another client waits, until it is asked; see bystander_worker.ts. */
export class Bystander implements Disposable {
  readonly #worker: Worker;
  readonly #waits: number[] = [];
  readonly #ready = Promise.withResolvers<void>();
  #failures = 0;
  #roundFrom = 0;

  private constructor(url: string) {
    this.#worker = new Worker(new URL("bystander_worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Told>) => this.#hear(data);
    this.#worker.onerror = (event) => this.#ready.reject(new Error(event.message));
    this.#worker.postMessage(url);
  }

  /** Resolves when it is warm and has begun to count. */
  static async start(url: string): Promise<Bystander> {
    const bystander = new Bystander(url);
    try {
      await bystander.#ready.promise;
    } catch (error) {
      bystander[Symbol.dispose]();
      throw error;
    }
    return bystander;
  }

  /** What it waited until now, with the round that is under way. */
  waits(): Waits {
    const all = [...this.#waits];
    const underWayMs = performance.now() - this.#roundFrom;
    if (all.length === 0 || underWayMs > Math.max(...all)) all.push(underWayMs);
    return {
      rounds: all.length,
      failures: this.#failures,
      p50Ms: percentileOf(all, 50),
      p99Ms: percentileOf(all, 99),
      maxMs: Math.max(...all),
    };
  }

  #hear(told: Told): void {
    this.#roundFrom = performance.now();
    if (told === "ready") return this.#ready.resolve();
    this.#waits.push(told.ms);
    if (told.failure !== undefined) this.#failures++;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
