import type { Queue } from "./queue.ts";

/** Longest wait a timer takes, in ms. */
const LONGEST_WAIT_MS = 2_147_483_647;

/** One timer for all that expires: calls back the queues whose time has come. */
export class DeadlineClock implements Disposable {
  readonly #now: () => number;
  readonly #due: (queue: Queue) => void;
  readonly #deadlines = new Map<Queue, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #disposed = false;

  constructor(now: () => number, due: (queue: Queue) => void) {
    this.#now = now;
    this.#due = due;
  }

  /** Calls the queue back at this time or earlier; the earliest request counts. */
  wakeAt(atMs: number, queue: Queue): void {
    const known = this.#deadlines.get(queue);
    if (known !== undefined && known <= atMs) return;
    this.#deadlines.set(queue, atMs);
    if (atMs < this.#timerAt) this.#arm(atMs);
  }

  #arm(atMs: number): void {
    if (this.#disposed) return;
    clearTimeout(this.#timer);
    this.#timerAt = atMs;
    const waitMs = Math.min(Math.max(Math.ceil(atMs - this.#now()), 0), LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => this.#fire(), waitMs);
  }

  #fire(): void {
    const now = this.#now();
    this.#timerAt = Infinity;
    for (const [queue, atMs] of [...this.#deadlines]) {
      if (atMs > now) continue;
      this.#deadlines.delete(queue);
      this.#due(queue);
    }
    let next = Infinity;
    for (const atMs of this.#deadlines.values()) next = Math.min(next, atMs);
    if (next < this.#timerAt) this.#arm(next);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }
}
