import { Buffer } from "node:buffer";
import { characterBoundary, utf8Text } from "../../retry/utf8.ts";
import { charactersOf, columnsOf } from "./display_width.ts";

/**
 * Keeps a task from moving the cursor, colouring the terminal or turning its text around: C0, DEL,
 * C1 and the controls of the bidirectional algorithm are escaped.
 */
// deno-lint-ignore no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** As much of a body as is looked at for each column: a letter with accents has some bytes. */
const BYTES_PER_COLUMN = 16;

/**
 * The first line of a body as the human output shows it, in quotes: control characters, and bytes
 * that are not UTF-8, escaped. Where that is not all of the body, or wider, its size is told.
 *
 * @param columns with the quotes and the size
 */
export function quotedBody(body: Uint8Array, columns: number): string {
  const looked = startOf(body, (columns + 1) * BYTES_PER_COLUMN);
  const { text, printed } = readable(looked);
  const [line, rest] = firstLine(text);
  const whole = `'${printed(line)}'`;
  const complete = rest === "" && looked.byteLength === body.byteLength;
  if (complete && columnsOf(whole) <= columns) return whole;
  const size = `…' (${body.byteLength} bytes)`;
  let left = columns - columnsOf(size) - 1;
  let start = "";
  for (const character of charactersOf(line.replace(/\r?\n$/, ""))) {
    const next = printed(character);
    left -= columnsOf(next);
    if (left < 0) break;
    start += next;
  }
  return `'${start}${size}`;
}

/** At most so many of the first bytes, up to the end of a character. */
export function startOf(body: Uint8Array, maxBytes: number): Uint8Array {
  return body.byteLength <= maxBytes ? body : body.subarray(0, characterBoundary(body, maxBytes));
}

/** The line with its end, and what follows. */
function firstLine(text: string): [line: string, rest: string] {
  const end = text.indexOf("\n") + 1;
  return end === 0 ? [text, ""] : [text.slice(0, end), text.slice(end)];
}

/** A text as the human output shows it: control characters escaped, line ends too. */
export function printableText(text: string): string {
  return text.replace(CONTROL, escape);
}

/** Lines of our own, in which names may stand that others have chosen: their ends stay. */
export function printableLines(text: string): string {
  return text.split("\n").map(printableText).join("\n");
}

/** A line of a command on a terminal: as a body, but tabs stay, which move nothing backwards. */
export function printableLine(line: Uint8Array): string {
  const { text, printed } = readable(line);
  return text.split("\t").map(printed).join("\t");
}

/** All of a body on one line, escaped. */
export function escapedBody(body: Uint8Array): string {
  const { text, printed } = readable(body);
  return printed(text);
}

/** A body's text and how to print it; where it is not UTF-8, a character for each byte. */
function readable(body: Uint8Array): { text: string; printed: (text: string) => string } {
  const text = utf8Text(body);
  if (text !== undefined) return { text, printed: printableText };
  return {
    text: bufferOf(body).toString("latin1"),
    printed: (part) => part.replace(/[^\x20-\x7e]/g, escape),
  };
}

/** A body as the JSON output holds it. */
export interface JsonBody {
  /** A string, or base64 where it is not valid UTF-8. */
  readonly body: string;
  readonly encoding?: "base64";
  /** The size of the body where it was cut. */
  readonly bodyBytes?: number;
}

/** @param limitBytes longer bodies are cut there, or before, at the start of a character */
export function jsonBody(body: Uint8Array, limitBytes = Infinity): JsonBody {
  const kept = startOf(body, limitBytes);
  const text = utf8Text(kept);
  const encoded = text !== undefined
    ? { body: text }
    : { body: bufferOf(kept).toString("base64"), encoding: "base64" as const };
  return kept.byteLength === body.byteLength ? encoded : { ...encoded, bodyBytes: body.byteLength };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function escape(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    default: {
      const code = character.charCodeAt(0).toString(16);
      return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
    }
  }
}
