/** A line of text in a picture, and what it is: the theme colours by role. */
export interface Text {
  readonly role: TextRole;
  readonly text: string;
  readonly x: number;
  /** Of the base line. */
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
}

export type TextRole =
  | "title"
  | "command"
  | "name"
  | "note"
  | "waiting"
  | "kept"
  | "lost"
  | "ready"
  | "unacked"
  | "tick"
  /** On a bar of lighter work, of heavier, and of work that was cut short. */
  | "on-light"
  | "on-heavy"
  | "on-cut";

const TITLE_PX = 14;
const FONT_PX = 11;

/** How high a role's letters are, in px. */
export function fontPx(role: TextRole): number {
  return role === "title" ? TITLE_PX : FONT_PX;
}

/**
 * About how wide a text is, in px. The reader's font is unknown, so this is the width in a wide
 * one: what fits by this measure fits.
 */
export function textWidth(text: string, role: TextRole): number {
  let ems = 0;
  for (const char of text) ems += role === "command" ? monoEms(char) : sansEms(char);
  return ems * fontPx(role) * (role === "title" || role === "name" ? 1.1 : 1);
}

function sansEms(char: string): number {
  if (isWide(char)) return 1.1;
  if (/[ .,:;'|!ijlIftr()[\]]/.test(char)) return 0.42;
  if (/[mwMWQO@%]/.test(char)) return 1;
  return /[A-Z]/.test(char) ? 0.75 : 0.64;
}

function monoEms(char: string): number {
  return isWide(char) ? 1.21 : 0.61;
}

function isWide(char: string): boolean {
  return char.codePointAt(0)! >= 0x1100;
}

/** From where to where a text is, in px, by the measure of {@linkcode textWidth}. */
export function extent({ text, role, x, anchor }: Text): { left: number; right: number } {
  const width = textWidth(text, role);
  const left = anchor === "start" ? x : anchor === "end" ? x - width : x - width / 2;
  return { left, right: left + width };
}

/** The text, or so much of it as fits, with an ellipsis. */
export function shortened(text: string, role: TextRole, widthPx: number): string {
  if (textWidth(text, role) <= widthPx) return text;
  let kept = "";
  for (const char of text) {
    if (textWidth(`${kept}${char}…`, role) > widthPx) break;
    kept += char;
  }
  return `${kept.trimEnd()}…`;
}

/** A command in lines that fit; only a word that is longer than a line is cut. */
export function wrapped(text: string, role: TextRole, widthPx: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && textWidth(longer, role) <= widthPx) lines[lines.length - 1] = longer;
    else lines.push(shortened(word, role, widthPx));
  }
  return lines;
}

/** A time as people say it: "850 ms", "1.6 s", "140 s". */
export function timeText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 100_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 1_000)} s`;
}
