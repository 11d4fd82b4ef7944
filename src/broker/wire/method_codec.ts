import { Buffer, isUtf8 } from "node:buffer";
import { type FieldTable, readTable } from "./field_table.ts";
import { encodeTable } from "./table_writer.ts";
import { erlangBinary } from "./erlang_text.ts";
import { METHOD_TABLE } from "./method_table.ts";
import { ConnectionError } from "./protocol_error.ts";

type Table = typeof METHOD_TABLE;

/** The name of a method as the specification spells it, such as `basic.publish`. */
export type MethodName = keyof Table;

interface Domains {
  bit: boolean;
  octet: number;
  short: number;
  long: number;
  longlong: number;
  shortstr: string;
  longstr: string;
  table: FieldTable;
}

/** The arguments of a method. Strings are binary: one character an octet. */
export type Arguments<M extends MethodName> = {
  -readonly [
    F in keyof Table[M]["fields"] as F extends `reserved${string}` ? never : F
  ]: Domains[Extract<Table[M]["fields"][F], keyof Domains>];
};

/** A method read from the wire. */
export type Method = { [M in MethodName]: { name: M; args: Arguments<M> } }[MethodName];

interface Layout {
  name: MethodName;
  fields: [name: string, domain: keyof Domains, reserved: boolean][];
}

const BEYOND_ASCII = /[\x80-\xff]/;

/** Class and method id as one number, as they stand at the start of a method frame's payload. */
export function methodNumber(name: MethodName): number {
  const { classId, methodId } = METHOD_TABLE[name];
  return (classId << 16) | methodId;
}

const LAYOUTS = new Map<number, Layout>();
for (const [name, { classId, methodId, fields }] of Object.entries(METHOD_TABLE)) {
  LAYOUTS.set((classId << 16) | methodId, {
    name: name as MethodName,
    fields: Object.entries(fields).map((
      [field, domain],
    ) => [field, domain as keyof Domains, field.startsWith("reserved")]),
  });
}

function layoutOf(name: MethodName): Layout {
  return LAYOUTS.get(methodNumber(name))!;
}

/** The name of the method whose frame's payload starts there; undefined when it is unknown. */
export function methodName(bytes: Buffer, start: number, end: number): MethodName | undefined {
  return end - start < 4 ? undefined : LAYOUTS.get(bytes.readUInt32BE(start))?.name;
}

/**
 * Decodes a method frame's payload (section 4.2.4: class id, method id, arguments).
 * @returns undefined when the method is unknown.
 * @throws {ConnectionError} 501 when the arguments do not fit the payload.
 */
export function decodeMethod(bytes: Buffer, start: number, end: number): Method | undefined {
  if (end - start < 4) {
    // Rule (section 4.2.4): a method frame starts with class id and method id.
    const octets = erlangBinary(bytes.subarray(start, end));
    throw new ConnectionError("FRAME_ERROR", `type 1, all octets = ${octets}: unknown_frame`);
  }
  const layout = LAYOUTS.get(bytes.readUInt32BE(start));
  if (layout === undefined) return undefined;
  const args: Record<string, unknown> = {};
  let at = start + 4;
  let bit = 0;
  const take = (octets: number): number => {
    const from = at;
    at += octets;
    // Rule: arguments end where the frame ends.
    if (at > end) throw undecodable(bytes, start, end);
    return from;
  };
  for (const [name, domain, reserved] of layout.fields) {
    let value: unknown;
    if (domain === "bit") {
      // Section 4.2.5.2: adjacent bits share octets, lowest bit first.
      if (bit === 0) take(1);
      value = (bytes[at - 1]! & (1 << bit)) !== 0;
      bit = (bit + 1) % 8;
    } else {
      bit = 0;
      switch (domain) {
        case "octet":
          value = bytes.readUInt8(take(1));
          break;
        case "short":
          value = bytes.readUInt16BE(take(2));
          break;
        case "long":
          value = bytes.readUInt32BE(take(4));
          break;
        case "longlong": {
          const from = take(8);
          value = bytes.readUInt32BE(from) * 0x1_0000_0000 + bytes.readUInt32BE(from + 4);
          break;
        }
        case "shortstr": {
          const length = bytes.readUInt8(take(1));
          const from = take(length);
          const text = bytes.toString("latin1", from, from + length);
          // Section 4.2.5.3: short strings are UTF-8. RabbitMQ does not look at those of a publish.
          if (
            BEYOND_ASCII.test(text) && !isUtf8(bytes.subarray(from, at)) &&
            layout.name !== "basic.publish"
          ) {
            const problem = "Malformed UTF-8 in shortstr";
            throw new ConnectionError("FRAME_ERROR", problem, { namesMethod: false });
          }
          value = text;
          break;
        }
        case "longstr": {
          const length = bytes.readUInt32BE(take(4));
          const from = take(length);
          value = bytes.toString("latin1", from, from + length);
          break;
        }
        case "table": {
          const from = take(4);
          take(bytes.readUInt32BE(from));
          value = readTable(bytes, from, at);
          break;
        }
      }
    }
    if (!reserved) args[name] = value;
  }
  if (at !== end) throw undecodable(bytes, start, end);
  return { name: layout.name, args } as Method;
}

function undecodable(bytes: Buffer, start: number, end: number): ConnectionError {
  const octets = bytes.subarray(start + 4, Math.min(end, start + 68)).join(",");
  return new ConnectionError("FRAME_ERROR", `cannot decode <<${octets}>>`);
}

/** Encodes a method frame's payload: class id, method id and arguments. */
export function encodeMethod<M extends MethodName>(name: M, args: Arguments<M>): Buffer {
  const { classId, methodId } = METHOD_TABLE[name];
  const values = args as Record<string, unknown>;
  const head = Buffer.alloc(4);
  head.writeUInt16BE(classId, 0);
  head.writeUInt16BE(methodId, 2);
  const parts: Buffer[] = [head];
  let bit = 0;
  for (const [field, domain, reserved] of layoutOf(name).fields) {
    if (domain === "bit") {
      if (bit === 0) parts.push(Buffer.alloc(1));
      const octet = parts[parts.length - 1]!;
      if (!reserved && values[field]) octet[0] = octet[0]! | (1 << bit);
      bit = (bit + 1) % 8;
      continue;
    }
    bit = 0;
    parts.push(encodeArgument(domain, reserved ? undefined : values[field]));
  }
  return Buffer.concat(parts);
}

function encodeArgument(domain: keyof Domains, value: unknown): Buffer {
  switch (domain) {
    case "bit":
    case "octet":
      return Buffer.from([Number(value ?? 0)]);
    case "short": {
      const bytes = Buffer.alloc(2);
      bytes.writeUInt16BE(Number(value ?? 0));
      return bytes;
    }
    case "long": {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(Number(value ?? 0));
      return bytes;
    }
    case "longlong": {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(BigInt((value as number | undefined) ?? 0));
      return bytes;
    }
    case "shortstr": {
      // Section 4.2.5.3: a short string holds at most 255 octets.
      const text = Buffer.from((value as string | undefined) ?? "", "latin1").subarray(0, 255);
      return Buffer.concat([Buffer.from([text.length]), text]);
    }
    case "longstr": {
      const text = Buffer.from((value as string | undefined) ?? "", "latin1");
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return Buffer.concat([length, text]);
    }
    case "table":
      return encodeTable((value as FieldTable | undefined) ?? new Map());
  }
}
