import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";

/**
 * Pending output above which a producer should wait, in characters (of text) and bytes (of others).
 */
const CROWDED_AT = 256 * 1024;

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
  /** Resolves when this much has been written in all. */
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (failure: OutputFailed) => void;
}

/** Output on its way: one write at a time, and whatever comes meanwhile in the next one. */
export class Output {
  readonly #write: Write;
  /** Comes before the pending text. */
  #pendingBytes: Uint8Array[] = [];
  #pendingText = "";
  /** How much was given, and how much of it is written: characters of text, bytes of others. */
  #accepted = 0;
  #written = 0;
  #scheduled = false;
  #writing = false;
  #failure: OutputFailed | undefined;
  #waiters: Waiter[] = [];

  constructor(write: Write) {
    this.#write = write;
  }

  /** @param output text, or bytes that are written as they are and must not change meanwhile */
  write(output: string | Uint8Array): void {
    if (this.#failure) return;
    if (typeof output === "string") this.#pendingText += output;
    else this.#pendingBytes = [...this.#takePending(), output];
    this.#accepted += output.length;
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
    return this.#writtenUpTo(this.#accepted);
  }

  /**
   * For a producer of much: a promise to wait for where too much is pending. @throws {OutputFailed}
   */
  room(): Promise<void> | undefined {
    const position = this.#accepted - CROWDED_AT;
    if (this.#written >= position && !this.#failure) return undefined;
    return this.#writtenUpTo(position);
  }

  #writtenUpTo(position: number): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#written >= position) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ position, resolve, reject });
    return promise;
  }

  #writePending(): void {
    if (this.#writing || this.#failure || this.#written === this.#accepted) return;
    const position = this.#accepted;
    const pieces = this.#takePending();
    this.#writing = true;
    this.#write(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), (error) => {
      this.#writing = false;
      if (error) return this.#fail(new OutputFailed(error));
      this.#written = position;
      const waiters = this.#waiters;
      this.#waiters = waiters.filter(({ position }) => position > this.#written);
      for (const { position, resolve } of waiters) {
        if (position <= this.#written) resolve();
      }
      this.#writePending();
    });
  }

  #takePending(): Uint8Array[] {
    const pieces = this.#pendingBytes;
    if (this.#pendingText !== "") pieces.push(Buffer.from(this.#pendingText));
    this.#pendingBytes = [];
    this.#pendingText = "";
    return pieces;
  }

  #fail(failure: OutputFailed): void {
    this.#failure = failure;
    for (const { reject } of this.#waiters) reject(failure);
    this.#waiters = [];
  }
}
