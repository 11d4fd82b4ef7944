import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { tableKey } from "../model/field_key.ts";
import type { FieldTable } from "../wire/field_table.ts";
import { textOf } from "../wire/octets.ts";

/** Text as RabbitMQ quotes it in paths: as a form does, but for what RFC 3986 reserves nothing. */
export function quoted(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
    .replaceAll("%20", "+");
}

/**
 * What a binding is called among those of the same two ends: its routing key, and a hash of its
 * arguments, if it has any.
 */
export function propertiesKey(routingKey: string, table: FieldTable): string {
  const key = quoted(textOf(routingKey)).replaceAll("~", "%7E");
  if (table.size === 0) return key === "" ? "~" : key;
  const hash = Buffer.alloc(4);
  hash.writeUInt32BE(crc32(tableKey(table)));
  return `${key}~${hash.toString("base64url")}`;
}
