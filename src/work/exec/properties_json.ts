import { Buffer } from "node:buffer";
import type { DeliveryProperties } from "../../amqp/delivery.ts";
import { utf8Text } from "../../retry/utf8.ts";

/** Deeper tables than this become null: no sender that means well nests so far. */
const MAX_DEPTH = 64;

/**
 * All properties and headers of a message as one line of JSON: names as in AMQP, in camelCase, and
 * `headers` a table. Properties that the message does not have are left out.
 *
 * Timestamps are seconds since 1970, decimals are numbers. Byte values are strings where they are
 * valid UTF-8, else `{"base64": …}`. Numbers that JSON does not have are null.
 */
export function propertiesJson(properties: DeliveryProperties): string {
  return JSON.stringify(plain(properties, 0));
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    return utf8Text(value) ?? { base64: Buffer.from(value).toString("base64") };
  }
  if (depth === MAX_DEPTH) return null;
  const number = wrappedNumber(value);
  if (number !== undefined) return number;
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, plain(field, depth + 1)]),
  );
}

/** The number in the shape that the client library gives to a timestamp or a decimal. */
function wrappedNumber(value: object): number | undefined {
  if (!("!" in value && "value" in value) || Object.keys(value).length !== 2) return undefined;
  const { "!": type, value: wrapped } = value;
  if (type === "timestamp" && typeof wrapped === "number") return wrapped;
  if (type !== "decimal") return undefined;
  const { digits, places } = (wrapped ?? {}) as { digits?: unknown; places?: unknown };
  return Number(digits) / 10 ** Number(places);
}
