import type { Output } from "./output.ts";

const CLEAR = "\x1b[2J";
const HOME = "\x1b[H";
const CLEAR_LINE_REST = "\x1b[K";
const CLEAR_REST = "\x1b[J";

/** A terminal's screen that is drawn again and again, in place and without flicker. */
export class Screen {
  readonly #output: Output;
  #begun = false;

  constructor(output: Output) {
    this.#output = output;
  }

  /** @param lines no wider than the terminal, and fewer than it has */
  draw(lines: readonly string[]): void {
    // Cleared before it is written: behind a line that fills it, the last character would go.
    const text = lines.map((line) => `${CLEAR_LINE_REST}${line}\n`).join("");
    this.#output.write(`${this.#begun ? "" : CLEAR}${HOME}${text}${CLEAR_REST}`);
    this.#begun = true;
  }
}
