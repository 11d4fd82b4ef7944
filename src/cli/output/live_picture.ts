import { figureOf } from "../../lab/picture/figure.ts";
import { terminalPicture, type TerminalPictureOptions } from "../../lab/picture/terminal.ts";
import type { Recording } from "../../lab/recording.ts";
import type { Output } from "./output.ts";

const REDRAW_MS = 100;

/** The lanes of a run that goes on, redrawn in place; for a terminal only. */
export class LivePicture implements Disposable {
  readonly #output: Output;
  readonly #format: () => TerminalPictureOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #soFar: (() => Recording) | undefined;
  #lines = 0;

  /** @param format the terminal's width may change */
  constructor(output: Output, format: () => TerminalPictureOptions) {
    this.#output = output;
    this.#format = format;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  /** Draws this from now on. */
  watch(soFar: () => Recording): void {
    this.#soFar = soFar;
  }

  /** Takes it away, so that something else can be printed. */
  clear(): void {
    if (this.#lines > 0) this.#output.write(`\x1b[${this.#lines}A\r\x1b[J`);
    this.#lines = 0;
  }

  #draw(): void {
    if (this.#soFar === undefined) return;
    this.clear();
    const { columns, colour } = this.#format();
    const figure = figureOf([this.#soFar()]);
    // Else everything would shrink with every drawing.
    const durationMs = roomy(figure.durationMs);
    // A line that is as wide as the terminal would wrap, and could not be taken away.
    const lines = terminalPicture({ ...figure, durationMs }, { columns: columns - 1, colour });
    this.#output.write(`${lines.join("\n")}\n`);
    this.#lines = lines.length;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }
}

/** The next longer one of 0.5 s, 1 s, 2 s, 4 s … */
function roomy(ms: number): number {
  let room = 500;
  while (room < ms) room *= 2;
  return room;
}
