/**
 * Notices that this process stood still: stopped by a signal, or asleep together with its machine.
 *
 * The broker takes a client that sends no heartbeat for gone, and ends its connection. That end
 * waits behind whatever else was read or is due when the process goes on, so that for a moment
 * everything looks as before.
 */
export class Pulse implements Disposable {
  readonly #limitMs: number;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #beatAtMs = Date.now(); // unlike performance.now() it goes on while the machine sleeps
  #missed = false;

  /**
   * @param heartbeatSeconds as agreed with the broker; with 0 it ends nothing, and nothing is
   * missed
   */
  constructor(heartbeatSeconds: number) {
    // The last heartbeat may have left half its interval before the standstill.
    this.#limitMs = heartbeatSeconds * 1_000 / 2;
    if (heartbeatSeconds > 0) this.#timer = setInterval(() => this.#beat(), this.#limitMs / 2);
  }

  /** Whether the process stood still since {@linkcode trust}. */
  get missed(): boolean {
    if (this.#timer !== undefined) this.#beat();
    return this.#missed;
  }

  /** The broker has answered what was asked after the standstill. */
  trust(): void {
    this.#missed = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const nowMs = Date.now();
    if (nowMs - this.#beatAtMs > this.#limitMs) this.#missed = true;
    this.#beatAtMs = nowMs;
  }
}
