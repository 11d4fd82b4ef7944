/** What it needs of its queue: the time, and to be looked at again then, both in ms. */
export interface QueueUseOwner {
  now(): number;
  wakeAt(atMs: number): void;
}

/** When a queue was used last, which x-expires counts from. */
export class QueueUse {
  #expiresMs: number;
  readonly #owner: QueueUseOwner;
  #lastMs = 0;

  /** A new queue is in use. @param expiresMs Infinity for a queue that stays */
  constructor(expiresMs: number, owner: QueueUseOwner) {
    this.#expiresMs = expiresMs;
    this.#owner = owner;
    this.note();
  }

  /** Counts from now. */
  set expiresMs(expiresMs: number) {
    if (expiresMs === this.#expiresMs) return;
    this.#expiresMs = expiresMs;
    this.note();
  }

  note(): void {
    this.#lastMs = this.#owner.now();
    if (this.#expiresMs !== Infinity) this.#owner.wakeAt(this.endMs);
  }

  /** When the queue goes, if nobody uses it before; Infinity for one that stays. */
  get endMs(): number {
    return this.#lastMs + this.#expiresMs;
  }
}
