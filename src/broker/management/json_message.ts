import { Buffer, isUtf8 } from "node:buffer";
import { BASIC_PROPERTIES, type BasicProperties } from "../wire/content_header.ts";
import type { Message } from "../model/message.ts";
import { badRequest } from "./api_error.ts";
import type { JsonBody } from "./json_body.ts";
import { jsonOf } from "./json_fields.ts";
import { octetsOf, textOf } from "../wire/octets.ts";

type Json = Record<string, unknown>;

/** How JSON names a property: `contentType` is `content_type`. */
function jsonName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Largest value of an integer among the properties. */
const LARGEST = { octet: 255, timestamp: Number.MAX_SAFE_INTEGER };

/** The properties of a publish; what is no property is ignored. @throws {ApiError} 400 */
export function propertiesOf(body: JsonBody): BasicProperties {
  const given = body.within("properties");
  const properties: Json = {};
  for (const [property, domain] of BASIC_PROPERTIES) {
    const name = jsonName(property);
    const value = given.values[name];
    if (value === undefined) continue;
    if (domain === "table") {
      properties[property] = given.table(name);
    } else if (domain === "shortstr") {
      if (typeof value !== "string") throw badRequest(["not_string", name]);
      const octets = octetsOf(value);
      if (octets.length > 255) throw badRequest(["too_long", name]);
      properties[property] = octets;
    } else {
      const isInteger = Number.isInteger(value) && Number(value) >= 0;
      if (!isInteger || Number(value) > LARGEST[domain]) throw badRequest(["not_int", name]);
      properties[property] = domain === "timestamp" ? BigInt(Number(value)) : value;
    }
  }
  return properties;
}

/** The octets of a publish. @throws {ApiError} 400 */
export function payloadOf(body: JsonBody): Buffer {
  const payload = body.text("payload") ?? "";
  const encoding = body.text("payload_encoding");
  if (encoding === "string") return Buffer.from(payload);
  if (encoding !== "base64") throw badRequest(["unsupported_encoding", encoding]);
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(payload)) throw badRequest(["not_base64", payload]);
  return Buffer.from(payload, "base64");
}

/** How much of a body is told, and as what. */
export interface PayloadView {
  /** `auto`: as text where it is UTF-8. */
  readonly encoding: "auto" | "base64";
  /** Octets. */
  readonly truncate: number;
}

/** What was got, as RabbitMQ tells it. */
export function messageView(message: Message, { encoding, truncate }: PayloadView) {
  const { bytes, start, end } = message.body();
  const payload = bytes.subarray(start, Math.min(end, start + truncate));
  const isText = encoding === "auto" && isUtf8(payload);
  return {
    payload_bytes: end - start,
    exchange: textOf(message.exchange),
    routing_key: textOf(message.routingKey),
    properties: propertiesView(message.properties()),
    payload: payload.toString(isText ? "utf8" : "base64"),
    payload_encoding: isText ? "string" : "base64",
  };
}

/** None at all is an empty list: Erlang has one word for both. */
function propertiesView(properties: BasicProperties): Json | [] {
  const view: Json = {};
  for (const [property] of BASIC_PROPERTIES) {
    const value = properties[property];
    if (value === undefined) continue;
    view[jsonName(property)] = typeof value === "string"
      ? textOf(value)
      : typeof value === "bigint"
      ? Number(value)
      : typeof value === "number"
      ? value
      : jsonOf(value);
  }
  return Object.keys(view).length === 0 ? [] : view;
}
