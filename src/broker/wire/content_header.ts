import { Buffer } from "node:buffer";
import { type FieldTable, readTable } from "./field_table.ts";
import { encodeTable } from "./table_writer.ts";
import { ConnectionError } from "./protocol_error.ts";

/** The properties of class basic (its fields in the definition), highest flag bit first. */
export const BASIC_PROPERTIES = [
  ["contentType", "shortstr"],
  ["contentEncoding", "shortstr"],
  ["headers", "table"],
  ["deliveryMode", "octet"],
  ["priority", "octet"],
  ["correlationId", "shortstr"],
  ["replyTo", "shortstr"],
  ["expiration", "shortstr"],
  ["messageId", "shortstr"],
  ["timestamp", "timestamp"],
  ["type", "shortstr"],
  ["userId", "shortstr"],
  ["appId", "shortstr"],
  ["clusterId", "shortstr"],
] as const;

/** Properties of a message. Strings are binary; `timestamp` is in seconds. */
export interface BasicProperties {
  contentType?: string;
  contentEncoding?: string;
  headers?: FieldTable;
  deliveryMode?: number;
  priority?: number;
  correlationId?: string;
  replyTo?: string;
  expiration?: string;
  messageId?: string;
  timestamp?: bigint;
  type?: string;
  userId?: string;
  appId?: string;
  clusterId?: string;
}

function malformed(): ConnectionError {
  // RabbitMQ fails on such a header and says only this.
  return new ConnectionError("INTERNAL_ERROR", "");
}

/**
 * Reads property flags and properties (section 4.2.6.1) from `bytes[start, end)`.
 * @throws {ConnectionError} 541 when they do not fill the range.
 */
export function readProperties(bytes: Buffer, start: number, end: number): BasicProperties {
  const properties: Record<string, unknown> = {};
  if (end - start < 2) throw malformed();
  const flags = bytes.readUInt16BE(start);
  // Bit 0 announces a second flag word, which class basic never needs.
  if (flags & 1) throw malformed();
  let at = start + 2;
  const take = (octets: number): number => {
    const from = at;
    at += octets;
    if (at > end) throw malformed();
    return from;
  };
  for (let index = 0; index < BASIC_PROPERTIES.length; index++) {
    if ((flags & (0x8000 >> index)) === 0) continue;
    const [name, domain] = BASIC_PROPERTIES[index]!;
    switch (domain) {
      case "octet":
        properties[name] = bytes.readUInt8(take(1));
        break;
      case "timestamp":
        properties[name] = bytes.readBigUInt64BE(take(8));
        break;
      case "shortstr": {
        const length = bytes.readUInt8(take(1));
        const from = take(length);
        properties[name] = bytes.toString("latin1", from, from + length);
        break;
      }
      case "table": {
        const from = take(4);
        take(bytes.readUInt32BE(from));
        properties[name] = readTable(bytes, from, at);
        break;
      }
    }
  }
  if (at !== end) throw malformed();
  return properties;
}

/** What routing and queueing need of the properties, found without decoding the rest. */
export interface RoutingProperties {
  deliveryMode: number;
  priority: number;
  /** Where the header table starts, its length octets included; -1 when there is none. */
  headersAt: number;
  replyTo: string | undefined;
  expiration: string | undefined;
  userId: string | undefined;
}

/** What a message without the property has: queues differ in what that means. */
export const NO_PRIORITY = -1;

const FLAG_HEADERS = 1 << 13;
const FLAG_DELIVERY_MODE = 1 << 12;
const FLAG_PRIORITY = 1 << 11;
const FLAG_TIMESTAMP = 1 << 6;

/**
 * Scans properties in `bytes[start, end)`, skipping what routing does not need.
 * @throws {ConnectionError} 541 when they do not fill the range.
 */
export function scanProperties(
  bytes: Buffer,
  start: number,
  end: number,
  found: RoutingProperties,
): void {
  found.deliveryMode = 1;
  found.priority = NO_PRIORITY;
  found.headersAt = -1;
  found.replyTo = undefined;
  found.expiration = undefined;
  found.userId = undefined;
  if (end - start < 2) throw malformed();
  const flags = (bytes[start]! << 8) | bytes[start + 1]!;
  // Bit 0 announces a second flag word, which class basic never needs; bit 1 means nothing.
  if (flags & 1) throw malformed();
  let at = start + 2;
  for (let bit = 15; bit >= 2; bit--) {
    const flag = 1 << bit;
    if ((flags & flag) === 0) continue;
    if (at >= end) throw malformed();
    switch (flag) {
      case FLAG_HEADERS:
        if (end - at < 4) throw malformed();
        found.headersAt = at;
        at += 4 + bytes.readUInt32BE(at);
        break;
      case FLAG_DELIVERY_MODE:
        found.deliveryMode = bytes[at++]!;
        break;
      case FLAG_PRIORITY:
        found.priority = bytes[at++]!;
        break;
      case FLAG_TIMESTAMP:
        at += 8;
        break;
      default: {
        const from = at + 1;
        at = from + bytes[at]!;
        if (at > end) throw malformed();
        if (bit === 9) found.replyTo = bytes.toString("latin1", from, at);
        else if (bit === 8) found.expiration = bytes.toString("latin1", from, at);
        else if (bit === 4) found.userId = bytes.toString("latin1", from, at);
      }
    }
  }
  if (at !== end) throw malformed();
}

/** Encodes property flags and properties. */
export function encodeProperties(properties: BasicProperties): Buffer {
  let flags = 0;
  const parts: Buffer[] = [];
  BASIC_PROPERTIES.forEach(([name, domain], index) => {
    const value = properties[name];
    if (value === undefined) return;
    flags |= 0x8000 >> index;
    switch (domain) {
      case "octet":
        parts.push(Buffer.from([value as number]));
        break;
      case "timestamp": {
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64BE(value as bigint);
        parts.push(bytes);
        break;
      }
      case "shortstr": {
        const text = Buffer.from(value as string, "latin1").subarray(0, 255);
        parts.push(Buffer.from([text.length]), text);
        break;
      }
      case "table":
        parts.push(encodeTable(value as FieldTable));
        break;
    }
  });
  const head = Buffer.alloc(2);
  head.writeUInt16BE(flags);
  return Buffer.concat([head, ...parts]);
}
