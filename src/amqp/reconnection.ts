import {
  ChannelClosed,
  ClusterUnavailable,
  ConnectFailed,
  ConnectionLost,
  ConsumerCancelled,
  DeadlineExceeded,
  tookDeliveriesBack,
  VhostRefused,
} from "./errors.ts";
import { ACCESS_REFUSED, PRECONDITION_FAILED } from "./reply_code.ts";

export interface ReconnectionOptions {
  /** How long to wait for a broker at the start; 0 tries once. */
  readonly waitMs: number;
  /** How long to go on trying after a loss; 0 gives up at once, Infinity never does. */
  readonly reconnectForMs: number;
  /** The first pause; it doubles with each try that fails, */
  readonly minDelayMs: number;
  /** up to this one. */
  readonly maxDelayMs: number;
}

/** How long the last try has at the most, in milliseconds. */
const LAST_TRY_MS = 1_000;

/**
 * Whether and when to try again, and for how long. The same for whoever consumes and whoever
 * publishes.
 */
export class Reconnection {
  readonly #options: ReconnectionOptions;
  #succeededBefore = false;
  #failures = 0;
  /** The first try, or the loss that began all this: `performance.now()`. */
  #sinceMs = performance.now();

  constructor(options: ReconnectionOptions) {
    this.#options = options;
  }

  /**
   * How long the next try may take, in milliseconds, so that all tries together take no longer than
   * was said; Infinity for a single one.
   */
  get limitMs(): number {
    const totalMs = this.#totalMs;
    return totalMs === 0 ? Infinity : Math.max(1, this.#sinceMs + totalMs - performance.now());
  }

  /** A connection was opened, and used as it was wanted. */
  succeeded(): void {
    this.#succeededBefore = true;
    this.#failures = 0;
  }

  /**
   * How long to pause before the next try, in milliseconds; undefined to give up, because time is
   * over or because another try cannot help.
   *
   * @param random from 0 to below 1: those who lost one broker together must not return together
   */
  delayAfter(failure: unknown, random: number): number | undefined {
    const { minDelayMs, maxDelayMs } = this.#options;
    if (!canHeal(failure, { usedBefore: this.#succeededBefore })) return undefined;
    const nowMs = performance.now();
    if (this.#succeededBefore && this.#failures === 0) this.#sinceMs = nowMs;
    const totalMs = this.#totalMs;
    const pauseMs = this.#sinceMs + totalMs - nowMs - lastTryMs(totalMs);
    if (pauseMs <= 0) return undefined;
    const fullMs = Math.min(maxDelayMs, minDelayMs * 2 ** this.#failures++);
    return Math.min(pauseMs, fullMs * (1 + random) / 2);
  }

  get #totalMs(): number {
    const { waitMs, reconnectForMs } = this.#options;
    return this.#succeededBefore ? reconnectForMs : waitMs;
  }
}

/** How long before the time is over the last try begins, in milliseconds; all have `totalMs`. */
export function lastTryMs(totalMs: number): number {
  return Math.min(LAST_TRY_MS, totalMs / 10);
}

/**
 * Whether another try may end better. A refused access (403) is an answer that it does not change,
 * and so is a precondition that failed (406), unless it stands for an acknowledgement that came too
 * late.
 *
 * @param usedBefore whether this very thing worked before: then a queue or a vhost that is missing
 *   may come back with its node, where at the start it is a mistake
 */
export function canHeal(failure: unknown, { usedBefore }: { usedBefore: boolean }): boolean {
  if (failure instanceof ClusterUnavailable) {
    return failure.failures.some(({ failure }) => canHeal(failure, { usedBefore }));
  }
  if (failure instanceof VhostRefused) return usedBefore;
  if (failure instanceof ConnectFailed) {
    return failure.reply?.replyCode !== ACCESS_REFUSED && !isCertificateProblem(failure.cause);
  }
  if (failure instanceof ChannelClosed) {
    const { replyCode } = failure.reply ?? {};
    if (!usedBefore || replyCode === ACCESS_REFUSED) return false;
    return replyCode !== PRECONDITION_FAILED || tookDeliveriesBack(failure);
  }
  return failure instanceof ConnectionLost || failure instanceof ConsumerCancelled ||
    failure instanceof DeadlineExceeded;
}

function isCertificateProblem(cause: unknown): boolean {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === "string" && /CERT|^UNABLE_TO_|^ERR_TLS/.test(code);
}
