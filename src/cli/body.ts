import { Buffer } from "node:buffer";

/**
 * Keeps a task from moving the cursor, colouring the terminal or turning its text around: C0, DEL,
 * C1 and the controls of the bidirectional algorithm are escaped.
 */
// deno-lint-ignore no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a body, or undefined where it is not valid UTF-8. */
export function decodeUtf8(body: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(body);
  } catch {
    return undefined;
  }
}

/**
 * A body as the human output shows it, in quotes: control characters, and bytes that are not UTF-8,
 * escaped; after `maxBytes` it is cut, and its size told.
 */
export function quotedBody(body: Uint8Array, maxBytes: number): string {
  if (body.byteLength <= maxBytes) return `'${printable(body)}'`;
  let end = maxBytes; // moved back to the start of a character
  while (end > maxBytes - 3 && (body[end]! & 0xc0) === 0x80) end--;
  return `'${printable(body.subarray(0, end))}…' (${body.byteLength} bytes)`;
}

/** A text as the human output shows it: control characters escaped, line ends too. */
export function printableText(text: string): string {
  return text.replace(CONTROL, escape);
}

function printable(body: Uint8Array): string {
  const text = decodeUtf8(body);
  if (text !== undefined) return printableText(text);
  return bufferOf(body).toString("latin1").replace(/[^\x20-\x7e]/g, escape);
}

/** A body as the JSON output holds it: a string, or base64 where it is not valid UTF-8. */
export function jsonBody(body: Uint8Array): { body: string; encoding?: "base64" } {
  const text = decodeUtf8(body);
  if (text !== undefined) return { body: text };
  return { body: bufferOf(body).toString("base64"), encoding: "base64" };
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
