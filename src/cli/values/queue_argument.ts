import type { ArgumentValue } from "../../amqp/queue.ts";
import { shortString } from "./short_string.ts";

/**
 * Reads a queue argument, `x-max-length=10`: whole numbers and true/false are sent as such,
 * everything else as a string. Quotes make a string of anything: `x-note="10"`.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseQueueArgument(text: string): readonly [key: string, value: ArgumentValue] {
  const separator = text.indexOf("=");
  if (separator < 1) throw new RangeError("Write key=value, for example x-max-length=10.");
  const key = shortString(text.slice(0, separator).trim());
  return [key, typed(text.slice(separator + 1))];
}

function typed(text: string): ArgumentValue {
  if (text === "true") return true;
  if (text === "false") return false;
  if (/^-?\d+$/.test(text)) {
    const value = Number(text);
    if (!Number.isSafeInteger(value)) throw new RangeError("The number is too large.");
    return value;
  }
  return /^"[^]*"$/.test(text) ? text.slice(1, -1) : text;
}
