/** What a cell of a terminal picture stands for; colours follow from it. */
export type Ink = "plain" | "title" | "quiet" | "work" | "waiting" | "lost" | "ready" | "unacked";

/** Select graphic rendition: the colours of a terminal's own theme, so that they fit any. */
const COLOURS: Readonly<Record<Ink, string>> = {
  plain: "",
  title: "\x1b[1m",
  quiet: "\x1b[2m",
  work: "\x1b[34m",
  waiting: "\x1b[33m",
  lost: "\x1b[31m",
  ready: "\x1b[36m",
  unacked: "\x1b[33m",
};

/** One line of cells, each a character that is one column wide. */
export class Cells {
  readonly #chars: string[];
  readonly #inks: Ink[];

  constructor(width: number) {
    this.#chars = new Array<string>(width).fill(" ");
    this.#inks = new Array<Ink>(width).fill("plain");
  }

  get width(): number {
    return this.#chars.length;
  }

  isFree(at: number): boolean {
    return this.#chars[at] === " ";
  }

  set(at: number, char: string, ink: Ink): void {
    if (at < 0 || at >= this.width) return;
    this.#chars[at] = char;
    this.#inks[at] = ink;
  }

  /** From a cell to before another one. */
  fill(from: number, to: number, char: string, ink: Ink): void {
    for (let at = from; at < to; at++) this.set(at, char, ink);
  }

  /** Characters one after the other; what does not fit is left out. */
  write(at: number, text: string, ink: Ink): void {
    for (const [n, char] of [...text].entries()) this.set(at + n, char, ink);
  }

  /** The line without spaces at its end. */
  toString({ colour }: { colour: boolean }): string {
    const end = this.#chars.findLastIndex((char) => char !== " ") + 1;
    const chars = this.#chars.slice(0, end);
    if (!colour) return chars.join("");
    let line = "";
    let current: Ink = "plain";
    for (const [at, char] of chars.entries()) {
      const ink = this.#inks[at]!;
      if (ink !== current) {
        if (current !== "plain") line += "\x1b[0m";
        line += COLOURS[ink];
        current = ink;
      }
      line += char;
    }
    return current === "plain" ? line : `${line}\x1b[0m`;
  }
}
