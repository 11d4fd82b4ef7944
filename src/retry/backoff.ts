/**
 * How long failed tasks wait: the first time `minMs`, then twice as long each time, up to `maxMs`.
 */
export interface Backoff {
  /** Whole milliseconds, more than 0. */
  readonly minMs: number;
  /** Whole milliseconds; with `minMs` the same, every wait is the same. */
  readonly maxMs: number;
}

/**
 * Tasks that failed together shall not all return together. The steps are few because each distinct
 * delay is a queue of its own at the broker.
 */
const JITTER_TENTHS = [8, 9, 10, 11, 12] as const;

/**
 * How long a task waits after its failed attempt number `attempt`.
 *
 * @param attempt from 1
 * @param random from 0 to below 1
 * @returns whole milliseconds of two digits and zeros, but `minMs` and `maxMs` as they are
 */
export function delayMs(backoff: Backoff, attempt: number, random: number): number {
  const step = Math.floor(random * JITTER_TENTHS.length);
  return jittered(backoff, attempt, JITTER_TENTHS[step]!);
}

/** Every delay that `delayMs` can return for tasks that are tried `attempts` times, ascending. */
export function possibleDelaysMs(backoff: Backoff, attempts: number): number[] {
  const delays = new Set<number>();
  for (let attempt = 1; attempt < attempts; attempt++) {
    for (const tenths of JITTER_TENTHS) delays.add(jittered(backoff, attempt, tenths));
    if (unjittered(backoff, attempt) === backoff.maxMs) break; // and so are all that follow
  }
  return [...delays].sort((a, b) => a - b);
}

/** Long enough, and the delays far enough apart, for a command to start in between. */
const MIN_SNOOZE_MS = 1_000;

/**
 * How long tasks may be snoozed that must not come back at the same time: several delays, also
 * where every wait is the same; of the usual back-off there are queues already.
 */
export function snoozeDelaysMs({ minMs, maxMs }: Backoff): number[] {
  const fromMs = Math.max(minMs, MIN_SNOOZE_MS);
  return possibleDelaysMs({ minMs: fromMs, maxMs: Math.max(maxMs, 2 * fromMs) }, 3);
}

function jittered(backoff: Backoff, attempt: number, tenths: number): number {
  const ms = readable(unjittered(backoff, attempt) * tenths / 10);
  return Math.min(backoff.maxMs, Math.max(backoff.minMs, ms));
}

function unjittered({ minMs, maxMs }: Backoff, attempt: number): number {
  return Math.min(maxMs, minMs * 2 ** (attempt - 1));
}

/** Two digits, from 10 ms on: 51.2 s is 51 s. */
function readable(ms: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(ms)) - 1);
  return Math.round(ms / unit) * unit;
}
