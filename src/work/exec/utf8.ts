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

/** 10xxxxxx: a byte that is not the first of its character. */
export function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
