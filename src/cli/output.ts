import type { Writable } from "node:stream";

/** Pending output above which a producer should wait. */
const CROWDED_CHARACTERS = 256 * 1024;

/** The reader of stdout has gone, or the disk is full: what was done can no longer be told. */
export class OutputFailed extends Error {
  override readonly name = "OutputFailed";
  /** For example "EPIPE". */
  readonly code: string;

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause });
    this.code = cause.code ?? "unknown";
  }
}

/** A stream that writes what comes in one turn of the event loop at once, and knows when it is out. */
export class Output {
  readonly #stream: Writable;
  #pending = "";
  #scheduled = false;
  #unwritten = 0; // characters handed to the stream and not yet written by it
  #failure: OutputFailed | undefined;
  #waiting: (() => void)[] = [];

  constructor(stream: Writable) {
    this.#stream = stream;
    // The callback of write() reports failures; without a listener they would end the process too.
    stream.on("error", () => {});
  }

  write(text: string): void {
    this.#pending += text;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  /** Resolves when everything so far is written. @throws {OutputFailed} */
  async flushed(): Promise<void> {
    this.#flush();
    await this.#until(() => this.#unwritten === 0);
  }

  /** For a producer of much: a promise to wait for where too much is pending. */
  room(): Promise<void> | undefined {
    const crowded = () => this.#pending.length + this.#unwritten > CROWDED_CHARACTERS;
    if (!this.#failure && !crowded()) return undefined;
    return this.#until(() => !crowded());
  }

  async #until(reached: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (reached()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
  }

  #flush(): void {
    if (this.#pending === "" || this.#failure) return;
    const text = this.#pending;
    this.#pending = "";
    this.#unwritten += text.length;
    this.#stream.write(text, (error) => {
      this.#unwritten -= text.length;
      if (error) this.#failure ??= new OutputFailed(error);
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    });
  }
}
