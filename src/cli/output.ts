import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";

/** Pending output above which a producer should wait. */
const CROWDED_CHARACTERS = 256 * 1024;

/** Writes all bytes, or tells why not. */
export type Write = (bytes: Uint8Array, written: (error?: NodeJS.ErrnoException) => void) => void;

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

interface Waiter {
  /** Resolves when this many characters have been written in all. */
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (failure: OutputFailed) => void;
}

/** Text on its way out: one write at a time, and whatever comes meanwhile in the next one. */
export class Output {
  readonly #write: Write;
  #pending = "";
  #acceptedCharacters = 0;
  #writtenCharacters = 0;
  #scheduled = false;
  #writing = false;
  #failure: OutputFailed | undefined;
  #waiters: Waiter[] = [];

  constructor(write: Write) {
    this.#write = write;
  }

  write(text: string): void {
    if (this.#failure) return;
    this.#pending += text;
    this.#acceptedCharacters += text.length;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => { // together with what else this turn has to say
      this.#scheduled = false;
      this.#writePending();
    });
  }

  /** Resolves when everything so far is written, beginning now. @throws {OutputFailed} */
  flushed(): Promise<void> {
    this.#writePending();
    return this.#writtenUpTo(this.#acceptedCharacters);
  }

  /** For a producer of much: a promise to wait for where too much is pending. @throws {OutputFailed} */
  room(): Promise<void> | undefined {
    const position = this.#acceptedCharacters - CROWDED_CHARACTERS;
    if (this.#writtenCharacters >= position && !this.#failure) return undefined;
    return this.#writtenUpTo(position);
  }

  #writtenUpTo(position: number): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#writtenCharacters >= position) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ position, resolve, reject });
    return promise;
  }

  #writePending(): void {
    if (this.#writing || this.#pending === "" || this.#failure) return;
    const text = this.#pending;
    this.#pending = "";
    this.#writing = true;
    this.#write(Buffer.from(text), (error) => {
      this.#writing = false;
      if (error) return this.#fail(new OutputFailed(error));
      this.#writtenCharacters += text.length;
      const waiters = this.#waiters;
      this.#waiters = waiters.filter(({ position }) => position > this.#writtenCharacters);
      for (const { position, resolve } of waiters) {
        if (position <= this.#writtenCharacters) resolve();
      }
      this.#writePending();
    });
  }

  #fail(failure: OutputFailed): void {
    this.#failure = failure;
    for (const { reject } of this.#waiters) reject(failure);
    this.#waiters = [];
  }
}
