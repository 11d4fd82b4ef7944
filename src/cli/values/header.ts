import { shortString } from "./short_string.ts";

/**
 * Reads a message header: `key: value`, or `key=value`; whichever separator comes first.
 * Values are sent as strings.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseHeader(text: string): readonly [key: string, value: string] {
  const match = /^([^:=]*)(?::\s?|=)([^]*)$/.exec(text);
  if (!match) throw new RangeError("It has no colon: write 'key: value' or key=value.");
  const key = match[1]!.trim();
  if (key === "") throw new RangeError("It has no key: write 'key: value' or key=value.");
  return [shortString(key), match[2]!];
}
