import { Buffer } from "node:buffer";

/**
 * Headers as amqplib must get them to send what it received. By itself it would take a table that
 * has a key "!" for its own notation of a type, and could not encode NaN or -Infinity.
 *
 * Kept in value, not in width: an integer travels as a signed one of 32 bits, or of 64 where it
 * must. By itself amqplib would use 8 bits too, which other clients read as unsigned.
 */
export function encodableHeaders(
  headers: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const table: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(headers)) table[key] = encodable(value);
  return table;
}

/** Less than the 64 KiB that amqplib can encode: a move adds headers. */
const MOST_BYTES = 48 * 1024;

/** Takes the largest headers out until the rest can be sent, together with what a move adds. */
export function withoutLargestHeaders(
  headers: Readonly<Record<string, unknown>>,
): { readonly kept: Record<string, unknown>; readonly dropped: readonly string[] } {
  const sizes = Object.entries(headers).map(([name, value]) => ({ name, bytes: bytesOf(value) }));
  const dropped: string[] = [];
  let left = sizes.reduce((sum, { name, bytes }) => sum + Buffer.byteLength(name) + bytes, 0);
  for (const { name, bytes } of sizes.sort((a, b) => b.bytes - a.bytes)) {
    if (left <= MOST_BYTES) break;
    left -= bytes;
    dropped.push(name);
  }
  const kept = Object.entries(headers).filter(([name]) => !dropped.includes(name));
  return { kept: Object.fromEntries(kept), dropped };
}

/** About as many octets as a header takes on the wire, and hardly ever fewer. */
function bytesOf(value: unknown): number {
  const overhead = 9; // a type, and a length or a number
  if (typeof value === "string") return overhead + Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return overhead;
  if (Buffer.isBuffer(value)) return overhead + value.byteLength;
  return Object.entries(value).reduce(
    (sum, [name, inner]) => sum + Buffer.byteLength(name) + bytesOf(inner),
    overhead,
  );
}

function encodable(value: unknown): unknown {
  if (typeof value === "number") {
    // amqplib takes what is 2^50 or more for a 64-bit integer.
    if (!Number.isInteger(value)) {
      return Math.abs(value) < 2 ** 50 ? value : { "!": "double", value };
    }
    const type = (value | 0) === value ? "int32" : Math.abs(value) < 2 ** 63 ? "int64" : "double";
    return { "!": type, value };
  }
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return value;
  if (Array.isArray(value)) return value.map(encodable);
  const { "!": type } = value as { "!"?: unknown };
  if (type === "timestamp" || type === "decimal") return value; // as amqplib decodes those types
  const table = encodableHeaders(value as Record<string, unknown>);
  // amqplib looks for "!" among an object's own keys, but sends the inherited ones too.
  return type === undefined ? table : Object.create(table);
}
