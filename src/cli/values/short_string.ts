import { Buffer } from "node:buffer";
import { MAX_SHORT_STRING_BYTES } from "../../amqp/short_string.ts";

/**
 * @throws {RangeError} over 255 bytes of UTF-8, with a message that completes "argument … is
 * invalid."
 */
export function shortString(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_SHORT_STRING_BYTES) {
    throw new RangeError(`It has ${bytes} bytes; AMQP allows ${MAX_SHORT_STRING_BYTES}.`);
  }
  return text;
}

/** @throws {RangeError} empty, or over 255 bytes */
export function nonEmptyShortString(text: string): string {
  return shortString(nonEmptyString(text));
}

/** @throws {RangeError} empty */
export function nonEmptyString(text: string): string {
  if (text === "") throw new RangeError("It must not be empty.");
  return text;
}
