import type { Output } from "./output.ts";

const BAR_WIDTH = 24;
const REDRAW_MS = 100;

export interface ProgressState {
  readonly sent: number;
  readonly elapsedMs: number;
  /** From 0 to 1, where the end is known. */
  readonly fraction?: number | undefined;
}

/**
 * One line: `[########----------------]  33 %  33,000 sent  31,200/s`; no bar without a known end,
 * or where the terminal is too narrow for it.
 *
 * @param columns of the terminal
 */
export function drawProgress(
  { sent, elapsedMs, fraction }: ProgressState,
  columns: number,
): string {
  const rate = elapsedMs > 0 ? Math.round(sent / elapsedMs * 1_000) : 0;
  const counts = `${sent.toLocaleString("en")} sent  ${rate.toLocaleString("en")}/s`;
  if (fraction === undefined) return counts.slice(0, columns);
  const filled = Math.floor(fraction * BAR_WIDTH);
  const bar = "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled);
  const text = `${String(Math.floor(fraction * 100)).padStart(3)} %  ${counts}`;
  const line = `[${bar}] ${text}`;
  return (line.length <= columns ? line : text.trimStart()).slice(0, columns);
}

/** A progress line that is redrawn in place; for a terminal only. */
export class Progress implements Disposable {
  readonly #output: Output;
  readonly #columns: () => number;
  readonly #startedAtMs = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  #sent = 0;
  #fraction: number | undefined;
  #drawn = false;

  /** @param columns of the terminal, which may change */
  constructor(output: Output, columns: () => number) {
    this.#output = output;
    this.#columns = columns;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  advance(fraction: number | undefined): void {
    this.#sent++;
    this.#fraction = fraction;
  }

  /** Takes the line away, so that something else can be printed; it comes back by itself. */
  clear(): void {
    if (this.#drawn) this.#output.write("\r\x1b[K");
    this.#drawn = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #draw(): void {
    const elapsedMs = performance.now() - this.#startedAtMs;
    const state = { sent: this.#sent, elapsedMs, fraction: this.#fraction };
    // A cursor behind the last column would stand in the next row, on some terminals.
    const line = drawProgress(state, this.#columns() - 1);
    this.#output.write(`\r\x1b[K${line}`);
    this.#drawn = true;
  }
}
