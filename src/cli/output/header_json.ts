import type { DeliveryProperties } from "../../amqp/delivery.ts";
import { utf8Text } from "../../retry/utf8.ts";
import { jsonBody } from "./body.ts";

/**
 * A header's value as JSON holds it. Bytes are a string where they are UTF-8, else
 * `{ body, encoding: "base64" }`; a timestamp is ISO 8601; a decimal is a number.
 */
export function jsonHeader(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return utf8Text(value) ?? jsonBody(value);
  if (Array.isArray(value)) return value.map(jsonHeader);
  const { "!": type, value: typed } = value as { "!"?: unknown; value?: unknown };
  if (type === "timestamp") return timestamp(typed);
  if (type === "decimal") return decimal(typed);
  return jsonHeaders(value as Record<string, unknown>);
}

/** Headers with each value as {@linkcode jsonHeader} tells it. */
export function jsonHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, jsonHeader(value)]),
  );
}

/** A delivery's properties and its headers, which are a field of their own in JSON. */
export function jsonProperties({ headers = {}, ...properties }: DeliveryProperties) {
  return { properties, headers: jsonHeaders(headers) };
}

/** @param seconds since 1970; one that is no date stays a number */
function timestamp(seconds: unknown): unknown {
  const at = new Date(Number(seconds) * 1_000);
  return Number.isNaN(at.getTime()) ? seconds : at.toISOString();
}

function decimal(value: unknown): unknown {
  const { digits, places } = value as { digits: number; places: number };
  return digits / 10 ** places;
}
