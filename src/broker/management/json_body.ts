import type { Buffer } from "node:buffer";
import type { Field, FieldTable } from "../wire/field_table.ts";
import { badRequest } from "./api_error.ts";
import { octetsOf } from "../wire/octets.ts";

type Json = Readonly<Record<string, unknown>>;

/** Deepest nesting of arguments, as on the wire. */
const MAX_DEPTH = 100;

/** The body of a request: a JSON object, whose values RabbitMQ reads generously. */
export class JsonBody {
  /** As it came; what other programs send may be of any type. */
  readonly values: Json;

  private constructor(values: Json) {
    this.values = values;
  }

  /** No body is an empty object. @throws {ApiError} 400 for what is no JSON object */
  static parse(bytes: Buffer): JsonBody {
    if (bytes.length === 0) return new JsonBody({});
    let values: unknown;
    try {
      values = JSON.parse(bytes.toString());
    } catch {
      throw badRequest("not_json");
    }
    if (!isObject(values)) throw badRequest("not_json");
    return new JsonBody(values);
  }

  /** @throws {ApiError} 400 where one of them is missing */
  require(...keys: readonly string[]): void {
    const missing = keys.filter((key) => this.values[key] === undefined);
    if (missing.length === 0) return;
    throw badRequest(`[${missing.map((key) => `{key_missing,${key}}`).join(",")}]`);
  }

  /** `true`, and "true" as forms send it. @throws {ApiError} 400 */
  boolean(key: string): boolean {
    const value = this.values[key] ?? false;
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    throw badRequest(["not_boolean", value]);
  }

  /** A whole number, as such or as text; undefined where there is none. @throws {ApiError} 400 */
  integer(key: string): number | undefined {
    const value = this.values[key];
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value)) return value;
    if (typeof value === "string" && /^[+-]?\d+$/.test(value)) return Number(value);
    throw badRequest(["not_integer", value]);
  }

  /** A text; undefined where there is none. @throws {ApiError} 400 */
  text(key: string): string | undefined {
    const value = this.values[key];
    if (value === undefined || typeof value === "string") return value;
    throw badRequest(["not_string", value]);
  }

  /** A short string as the wire has it, one character an octet. @throws {ApiError} 400 */
  shortName(key: string): string | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const octets = octetsOf(text);
    if (octets.length > 255) throw badRequest(["too_long", key]);
    return octets;
  }

  /** An object inside of it. @throws {ApiError} 400 */
  within(key: string): JsonBody {
    const value = this.values[key] ?? {};
    if (!isObject(value)) throw badRequest(["not_object", key]);
    return new JsonBody(value);
  }

  /** An object as a field table, by names in order. @throws {ApiError} 400 */
  table(key = "arguments"): FieldTable {
    const value = this.values[key] ?? {};
    if (Array.isArray(value) && value.length === 0) return new Map(); // PHP's empty object
    if (!isObject(value)) throw badRequest(["not_table", value]);
    return tableOf(value, 0);
  }
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** An object of JSON as a field table, by names in order. @throws {ApiError} 400 */
export function tableOf(object: Json, depth: number): FieldTable {
  if (depth > MAX_DEPTH) throw badRequest("nested too deep");
  const fields = Object.entries(object).map(([name, value]): [string, Field] => {
    const octets = octetsOf(name);
    if (octets.length > 255) throw badRequest("a name is longer than 255 octets");
    return [octets, fieldOf(value, depth)];
  });
  return new Map(fields.sort(([a], [b]) => a < b ? -1 : 1));
}

/** The types that RabbitMQ gives values of JSON. */
function fieldOf(value: unknown, depth: number): Field {
  if (typeof value === "boolean") return { type: "t", value };
  if (typeof value === "string") return { type: "S", value: octetsOf(value) };
  if (typeof value === "number") {
    return Number.isSafeInteger(value)
      ? { type: "l", value: BigInt(value) }
      : { type: "d", value: Number.isFinite(value) ? value : Number.MAX_VALUE };
  }
  if (value === null) throw badRequest("null_not_allowed");
  if (Array.isArray(value)) {
    if (depth > MAX_DEPTH) throw badRequest("nested too deep");
    return { type: "A", value: value.map((item) => fieldOf(item, depth + 1)) };
  }
  return { type: "F", value: tableOf(value as Json, depth + 1) };
}
