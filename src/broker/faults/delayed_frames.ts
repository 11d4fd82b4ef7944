import type { Buffer } from "node:buffer";

/** A frame, and when it leaves by `performance.now()`. */
interface Waiting {
  readonly frame: Buffer;
  readonly leavesAtMs: number;
}

/** What one channel is sent, one behind the other: none leaves before those that came before it. */
export class DelayedFrames implements Disposable {
  readonly #leave: (frame: Buffer) => void;
  readonly #waiting: Waiting[] = [];
  #leavesAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Methods so far. */
  methods = 0;

  /** @param leave called for each frame when its time has come */
  constructor(leave: (frame: Buffer) => void) {
    this.#leave = leave;
  }

  /** A method comes next: with its content it waits so long, or for those before it. */
  delayNext(ms: number): void {
    this.methods++;
    this.#leavesAtMs = Math.max(this.#leavesAtMs, performance.now() + ms);
  }

  add(frame: Buffer): void {
    this.#waiting.push({ frame, leavesAtMs: this.#leavesAtMs });
    if (this.#waiting.length === 1) this.#wait();
  }

  #wait(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const ms = Math.max(0, first.leavesAtMs - performance.now());
    this.#timer = setTimeout(() => this.#leaveDue(), ms);
  }

  #leaveDue(): void {
    const now = performance.now();
    const later = this.#waiting.findIndex(({ leavesAtMs }) => leavesAtMs > now);
    const due = this.#waiting.splice(0, later === -1 ? this.#waiting.length : later);
    this.#wait();
    for (const { frame } of due) this.#leave(frame);
  }

  /** Nothing leaves any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }
}
