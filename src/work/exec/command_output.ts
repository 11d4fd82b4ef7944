import type { Readable } from "node:stream";
import { WholeLines } from "./whole_lines.ts";

/** How long a pipe may say nothing, with its command over, before it is no longer waited for. */
const SILENCE_MS = 1_000;

/** Takes one stream of a command; where it returns a promise, the command waits for it. */
export interface OutputSink {
  readonly chunk: (bytes: Uint8Array) => void | Promise<void>;
  readonly end?: () => void | Promise<void>;
}

/** Passes on whole lines. @param options.mixed whether lines of other streams come between them */
export function lineSink(
  onLines: (lines: Uint8Array) => void | Promise<void>,
  options: { readonly mixed: boolean },
): OutputSink {
  const lines = new WholeLines(options);
  const pass = (whole: Uint8Array | undefined) => whole && onLines(whole);
  return { chunk: (bytes) => pass(lines.push(bytes)), end: () => pass(lines.end()) };
}

/**
 * Reads one output stream of a command to its end.
 *
 * The next chunk is read when the one before is taken, so that a fast command waits for a slow
 * reader and nothing piles up here.
 */
export class CommandOutput {
  /** Rejects as the sink does; the stream is closed then. */
  readonly ended: Promise<void>;
  readonly #stream: Readable;
  readonly #sink: OutputSink;
  #chunks = 0;
  #taking = false;
  #abandoned = false;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(stream: Readable, sink: OutputSink) {
    this.#stream = stream;
    this.#sink = sink;
    this.ended = this.#read();
    this.ended.catch(() => {}); // it may fail before someone waits for it
  }

  /**
   * The command is over. What is in the pipe is still read; but a process that escaped from its
   * group may hold the other end open for ever, so a silence is an end too.
   */
  finish(): void {
    if (this.#stream.destroyed) return;
    const before = this.#chunks;
    this.#silence = setTimeout(() => {
      if (this.#taking || this.#chunks > before) this.finish();
      else this.#stream.destroy();
    }, SILENCE_MS);
  }

  /** Reads no more, and tells the sink nothing more. */
  abandon(): void {
    this.#abandoned = true;
    clearTimeout(this.#silence);
    this.#stream.destroy();
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of chunksOf(this.#stream)) {
        if (this.#abandoned) return;
        this.#chunks++;
        this.#taking = true;
        await this.#sink.chunk(chunk);
        this.#taking = false;
      }
      if (!this.#abandoned) await this.#sink.end?.();
    } finally {
      clearTimeout(this.#silence);
      this.#stream.destroy();
    }
  }
}

/** All chunks of a stream; when it is destroyed, they end as at its end. */
async function* chunksOf(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    if (!stream.destroyed) throw error;
  }
}
