import { Buffer } from "node:buffer";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of valid UTF-8, a byte order mark included; undefined for other bytes. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text of any bytes: what is not UTF-8 becomes U+FFFD. */
export function nearestText(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/**
 * Where to cut so that no character is torn: `at`, or up to 3 bytes before it where that is in the
 * middle of a UTF-8 sequence. In bytes that are not UTF-8 it may be anywhere in that range.
 */
export function characterBoundary(bytes: Uint8Array, at: number): number {
  let boundary = at;
  while (boundary > at - 3 && boundary > 0 && isContinuation(bytes[boundary])) boundary--;
  return isContinuation(bytes[boundary]) ? at : boundary;
}

/** The end of a text, at most so many bytes of UTF-8, from the start of a character. */
export function endOfText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  let start = Math.max(0, bytes.length - maxBytes);
  while (isContinuation(bytes[start])) start++;
  return bytes.toString("utf8", start);
}

/** 10xxxxxx: a byte that is not the first of its character. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
