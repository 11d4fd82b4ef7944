import { Buffer } from "node:buffer";
import { characterBoundary } from "../../retry/utf8.ts";

const NEWLINE = 0x0a;

/** Longer lines are passed on in pieces. */
const MAX_LINE_BYTES = 64 * 1024;

/**
 * Cuts a stream of bytes into whole lines.
 *
 * A line of more than 64 KiB comes in pieces; UTF-8 characters are never torn. Where lines of
 * several streams are mixed, each piece gets a newline, as does a last line without; else nothing
 * is added.
 */
export class WholeLines {
  readonly #added: Uint8Array;
  /** The line that has begun. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;

  constructor({ mixed }: { readonly mixed: boolean }) {
    this.#added = mixed ? Buffer.of(NEWLINE) : Buffer.alloc(0);
  }

  /** The lines that are complete now, one or more, or a piece of one; undefined for none. */
  push(chunk: Uint8Array): Uint8Array | undefined {
    this.#begun.push(chunk);
    this.#begunBytes += chunk.length;
    if (!chunk.includes(NEWLINE) && this.#begunBytes <= MAX_LINE_BYTES) return undefined;
    const bytes = Buffer.concat(this.#begun);
    const lines: Uint8Array[] = [];
    let start = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline === -1 ? bytes.length : newline;
      if (end - start > MAX_LINE_BYTES) {
        const cut = characterBoundary(bytes, start + MAX_LINE_BYTES);
        lines.push(bytes.subarray(start, cut), this.#added);
        start = cut;
      } else if (newline === -1) break;
      else {
        lines.push(bytes.subarray(start, newline + 1));
        start = newline + 1;
      }
    }
    const rest = Buffer.from(bytes.subarray(start)); // a copy, which lets go of the lines before
    this.#begun = rest.length > 0 ? [rest] : [];
    this.#begunBytes = rest.length;
    return Buffer.concat(lines);
  }

  /** What was left without a newline; undefined for nothing. */
  end(): Uint8Array | undefined {
    if (this.#begunBytes === 0) return undefined;
    const line = Buffer.concat([...this.#begun, this.#added]);
    this.#begun = [];
    this.#begunBytes = 0;
    return line;
  }
}
