/**
 * AMQP 0-9-1 on the wire, for tests only: values, tables, methods and content headers.
 *
 * Independent of any client or broker, so that neither can hide its own mistake.
 */
import { Buffer } from "node:buffer";
import { methodIdBytes, METHODS } from "./amqp_methods.ts";

/** Arguments of a method or values of a table. */
export type Fields = Record<string, unknown>;

/** A table value of a type that a plain JavaScript value does not stand for. */
export class Typed {
  constructor(
    readonly type: string,
    readonly value: number | bigint | Uint8Array | [number, number],
  ) {}
}

/** Content properties in the order of their flags, highest bit first (section 4.2.6.1). */
const PROPERTIES =
  "contentType:shortstr contentEncoding:shortstr headers:table deliveryMode:octet " +
  "priority:octet correlationId:shortstr replyTo:shortstr expiration:shortstr messageId:shortstr " +
  "timestamp:timestamp type:shortstr userId:shortstr appId:shortstr clusterId:shortstr";

/** The payload of a method frame; arguments left out are zero, empty or false. */
export function encodeMethod(name: string, args: Fields): Buffer {
  const [, , fields] = METHODS[name]!;
  const out = [methodIdBytes(name)];
  let bits: boolean[] = [];
  const flushBits = () => {
    if (bits.length > 0) {
      out.push(uint(1, bits.reduce((sum, bit, i) => sum | (Number(bit) << i), 0)));
    }
    bits = [];
  };
  for (const [field, type] of parseFields(fields)) {
    if (type === "bit") {
      bits.push(Boolean(args[field]));
    } else {
      flushBits();
      out.push(encode(type, args[field]));
    }
  }
  flushBits();
  return Buffer.concat(out);
}

/** The method in a frame's payload. */
export function decodeMethod(payload: Buffer): { name: string; args: Fields } {
  const reader = new Reader(payload);
  const [classId, methodId] = [reader.uint(2), reader.uint(2)];
  const found = Object.entries(METHODS).find(([, m]) => m[0] === classId && m[1] === methodId);
  if (!found) throw new Error(`the broker sent the unknown method ${classId}.${methodId}`);
  const args: Fields = {};
  let bit = 0;
  let bits = 0;
  for (const [field, type] of parseFields(found[1][2])) {
    if (type === "bit") {
      if (bit % 8 === 0) bits = reader.uint(1);
      args[field] = Boolean(bits & (1 << bit++ % 8));
    } else {
      bit = 0;
      args[field] = reader.read(type);
    }
  }
  return { name: found[0], args };
}

/** The payload of a content header frame. */
export function encodeHeader(classId: number, bodySize: number, properties: Fields): Buffer {
  const all = parseFields(PROPERTIES);
  const present = all.filter(([field]) => properties[field] !== undefined);
  const flags = present.reduce((sum, entry) => sum | (0x8000 >> all.indexOf(entry)), 0);
  const values = present.map(([field, type]) => encode(type, properties[field]));
  return Buffer.concat([
    uint(2, classId),
    uint(2, 0),
    uint(8, bodySize),
    uint(2, flags),
    ...values,
  ]);
}

/** The content header in a frame's payload; `raw` holds flags and properties as they came. */
export function decodeHeader(payload: Buffer) {
  const reader = new Reader(payload);
  const classId = reader.uint(2);
  reader.uint(2);
  const bodySize = reader.uint(8);
  const raw = payload.subarray(reader.offset);
  const flags = reader.uint(2);
  const properties: Fields = {};
  parseFields(PROPERTIES).forEach(([field, type], i) => {
    if (flags & (0x8000 >> i)) properties[field] = reader.read(type);
  });
  return { classId, bodySize, properties, raw };
}

function parseFields(fields: string): [name: string, type: string][] {
  return fields === "" ? [] : fields.split(" ").map((f) => f.split(":") as [string, string]);
}

function uint(bytes: number, value: number | bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)));
  return out.subarray(8 - bytes);
}

function encode(type: string, value: unknown): Buffer {
  if (type === "octet") return uint(1, (value ?? 0) as number);
  if (type === "short") return uint(2, (value ?? 0) as number);
  if (type === "long") return uint(4, (value ?? 0) as number);
  if (type === "longlong" || type === "timestamp") return uint(8, (value ?? 0) as number);
  if (type === "shortstr") return sized(1, Buffer.from((value ?? "") as string));
  if (type === "longstr") return sized(4, Buffer.from((value ?? "") as string));
  if (type === "table") return encodeTable((value ?? {}) as Fields);
  throw new Error(`no such type: ${type}`);
}

function sized(bytes: number, content: Buffer): Buffer {
  return Buffer.concat([uint(bytes, content.length), content]);
}

/** A field table (section 4.2.5.5), with RabbitMQ's type letters. */
export function encodeTable(table: Fields): Buffer {
  const entries = Object.entries(table).filter(([, value]) => value !== undefined);
  const encoded = entries.flatMap(([k, v]) => [encode("shortstr", k), encodeValue(v)]);
  return sized(4, Buffer.concat(encoded));
}

function encodeValue(value: unknown): Buffer {
  if (value instanceof Typed) return encodeTyped(value.type, value.value);
  if (value === null) return Buffer.from("V");
  if (typeof value === "boolean") return Buffer.concat([Buffer.from("t"), uint(1, Number(value))]);
  if (typeof value === "string") return Buffer.concat([Buffer.from("S"), encode("longstr", value)]);
  if (typeof value === "number") return encodeTyped(Number.isInteger(value) ? "I" : "d", value);
  if (typeof value === "bigint") return encodeTyped("l", value);
  if (value instanceof Date) return encodeTyped("T", Math.floor(value.getTime() / 1000));
  if (value instanceof Uint8Array) return encodeTyped("x", value);
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from("A"), sized(4, Buffer.concat(value.map(encodeValue)))]);
  }
  return Buffer.concat([Buffer.from("F"), encodeTable(value as Fields)]);
}

/** Bytes of each integer type; `T` counts seconds. */
const INTEGER_BYTES: Record<string, number> = { b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, l: 8, T: 8 };

function encodeTyped(type: string, value: Typed["value"]): Buffer {
  const letter = Buffer.from(type);
  const bytes = INTEGER_BYTES[type];
  if (bytes !== undefined) return Buffer.concat([letter, uint(bytes, value as number)]);
  if (type === "x") return Buffer.concat([letter, sized(4, Buffer.from(value as Uint8Array))]);
  if (type === "D") {
    const [scale, digits] = value as [number, number];
    return Buffer.concat([letter, uint(1, scale), uint(4, digits)]);
  }
  const float = Buffer.alloc(type === "f" ? 4 : 8);
  if (type === "f") float.writeFloatBE(value as number);
  else float.writeDoubleBE(value as number);
  return Buffer.concat([letter, float]);
}

class Reader {
  offset = 0;
  constructor(readonly bytes: Buffer) {}

  take(length: number): Buffer {
    if (this.offset + length > this.bytes.length) {
      throw new Error("the broker's frame is too short");
    }
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }

  uint(bytes: number): number {
    return this.take(bytes).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  read(type: string): unknown {
    if (type === "octet") return this.uint(1);
    if (type === "short") return this.uint(2);
    if (type === "long") return this.uint(4);
    if (type === "longlong") return this.uint(8);
    if (type === "timestamp") return this.take(8).readBigUInt64BE();
    if (type === "shortstr") return this.take(this.uint(1)).toString();
    if (type === "longstr") return this.take(this.uint(4)).toString();
    return this.table();
  }

  table(): Fields {
    const end = this.uint(4) + this.offset;
    const table: Fields = {};
    while (this.offset < end) {
      const key = this.read("shortstr") as string;
      table[key] = this.value();
    }
    return table;
  }

  value(): unknown {
    const type = this.take(1).toString();
    if (type === "t") return this.uint(1) !== 0;
    if (type === "S") return this.read("longstr");
    if (type === "F") return this.table();
    if (type === "V") return null;
    if (type === "x") return this.take(this.uint(4));
    if (type === "T") return new Date(Number(this.take(8).readBigInt64BE()) * 1000);
    if (type === "l") return Number(this.take(8).readBigInt64BE());
    if (type === "f") return this.take(4).readFloatBE();
    if (type === "d") return this.take(8).readDoubleBE();
    if (type === "D") return new Typed("D", [this.uint(1), this.uint(4)]);
    if (type === "A") {
      const end = this.uint(4) + this.offset;
      const items = [];
      while (this.offset < end) items.push(this.value());
      return items;
    }
    const bytes = INTEGER_BYTES[type];
    if (bytes === undefined) throw new Error(`the broker sent a table value of type '${type}'`);
    if (type === "B" || type === "u" || type === "i") return this.uint(bytes);
    return Number(BigInt.asIntN(8 * bytes, BigInt(this.uint(bytes))));
  }
}
