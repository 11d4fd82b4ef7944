import type { Work, Workload } from "../workload.ts";
import type { Queue } from "./queue.ts";

/** Longest wait a timer takes, in ms. */
const LONGEST_WAIT_MS = 2_147_483_647;

/** What a clock tells. */
export interface DeadlineWatcher {
  /** Milliseconds since 1970 that never go backwards. */
  now(): number;
  /** The queue's time has come. */
  due(queue: Queue): void;
  /** `due` threw. */
  failed(queue: Queue, error: unknown): void;
}

/**
 * One timer for all that expires: calls back the queues whose time has come, one by one, from
 * `start` on.
 */
export class DeadlineClock implements Work, Disposable {
  readonly #workload: Workload;
  readonly #watcher: DeadlineWatcher;
  readonly #deadlines = new Map<Queue, number>();
  /** Their time has come. */
  readonly #due = new Set<Queue>();
  /** It has its turn now. */
  #queue: Queue | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Infinity;
  #running = false;

  constructor(workload: Workload, watcher: DeadlineWatcher) {
    this.#workload = workload;
    this.#watcher = watcher;
  }

  /** Nothing expires before. */
  start(): void {
    this.#running = true;
    this.#fire();
  }

  /** Calls the queue back at this time or earlier; the earliest request counts. */
  wakeAt(atMs: number, queue: Queue): void {
    const known = this.#deadlines.get(queue);
    if (known !== undefined && known <= atMs) return;
    this.#deadlines.set(queue, atMs);
    if (atMs < this.#timerAt) this.#arm(atMs);
  }

  #arm(atMs: number): void {
    if (!this.#running) return;
    clearTimeout(this.#timer);
    this.#timerAt = atMs;
    const waitMs = Math.min(Math.max(Math.ceil(atMs - this.#watcher.now()), 0), LONGEST_WAIT_MS);
    this.#timer = setTimeout(() => this.#fire(), waitMs);
  }

  #fire(): void {
    const now = this.#watcher.now();
    this.#timerAt = Infinity;
    let next = Infinity;
    for (const [queue, atMs] of this.#deadlines) {
      if (atMs > now) {
        next = Math.min(next, atMs);
        continue;
      }
      this.#deadlines.delete(queue);
      this.#due.add(queue);
    }
    if (this.#due.size > 0) this.#workload.add(this);
    if (next < this.#timerAt) this.#arm(next);
  }

  work(): boolean {
    for (const queue of this.#due) {
      this.#due.delete(queue);
      this.#queue = queue;
      this.#watcher.due(queue);
      if (this.#workload.over()) break;
    }
    return this.#due.size > 0;
  }

  failed(error: unknown): void {
    this.#watcher.failed(this.#queue!, error);
  }

  [Symbol.dispose](): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }
}
