import type { StopReason, StopRules } from "./stop_rules.ts";

/** How often to look whether a rule is met. */
const LOOK_MS = 20;

/**
 * How long a worker that waits for an empty queue leaves the broker alone between two questions.
 */
const EMPTY_POLL_MS = 250;

/** What the watch has to know of the worker, and what it does to it. */
export interface Watched {
  /** Whether a task is in hand. */
  readonly isBusy: () => boolean;
  /** Asks the broker; undefined where there is none to ask. */
  readonly isEmpty: () => Promise<boolean | undefined>;
  readonly isStalled: () => boolean;
  readonly end: (reason: StopReason, failure?: unknown) => void;
}

/** Ends a worker by the rules that depend on time or on an empty queue. */
export class StopWatch {
  readonly #rules: StopRules;
  readonly #watched: Watched;
  #maxTimer: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #touches = 0;
  #touchesSeen = 0;
  #idleSinceMs = performance.now();
  #askedAtMs = -Infinity;
  #asking = false;

  constructor(rules: StopRules, watched: Watched) {
    this.#rules = rules;
    this.#watched = watched;
  }

  /** How often something arrived or finished. */
  get touches(): number {
    return this.#touches;
  }

  /** Looks from now on; `end` may be called again and again until {@linkcode stop}. */
  start(): void {
    const { maxTimeMs, idleTimeoutMs, untilEmpty, count } = this.#rules;
    if (maxTimeMs !== undefined) {
      this.#maxTimer = setTimeout(() => this.#watched.end("max-time"), maxTimeMs);
    }
    if (idleTimeoutMs === undefined && !untilEmpty && count === undefined) return;
    this.#looking = setInterval(() => void this.#look(), LOOK_MS);
  }

  /** Something arrived or finished. */
  touch(): void {
    this.#touches++;
  }

  stop(): void {
    clearTimeout(this.#maxTimer);
    clearInterval(this.#looking);
  }

  async #look(): Promise<void> {
    const { idleTimeoutMs = Infinity, untilEmpty, count } = this.#rules;
    const nowMs = performance.now();
    if (this.#watched.isBusy() || this.#touches !== this.#touchesSeen) {
      this.#touchesSeen = this.#touches;
      this.#idleSinceMs = nowMs;
      return;
    }
    const isStalled = this.#watched.isStalled();
    let hopeless = isStalled && count !== undefined;
    if (untilEmpty && !this.#asking && (isStalled || nowMs - this.#askedAtMs >= EMPTY_POLL_MS)) {
      this.#asking = true;
      // Where the broker does not answer, the session has ended and the next one is asked.
      const empty = await this.#watched.isEmpty().catch(() => undefined);
      this.#asking = false;
      if (empty !== undefined) this.#askedAtMs = performance.now();
      if (empty) this.#watched.end("empty");
      // The last task may have been the one that stalled it.
      hopeless ||= isStalled && empty === false;
    }
    if (hopeless) this.#watched.end("stalled");
    else if (nowMs - this.#idleSinceMs >= idleTimeoutMs) this.#watched.end("idle-timeout");
  }
}
