import type { Buffer } from "node:buffer";
import { UnanswerableError } from "./protocol_error.ts";

/**
 * A field value with the type it had on the wire, so that it is sent back as it came.
 *
 * `type` is the octet of AMQP 0-9-1 section 4.2.5.5 as RabbitMQ reads it
 * (https://www.rabbitmq.com/amqp-0-9-1-errata): t bool, b/B octet, s/u short, I/i long, l/L
 * long-long, f float, d double, D decimal (5 octets), S long string and x bytes (binary string: one
 * character an octet), T timestamp (seconds), A array, F table, V void.
 */
export type Field =
  | { type: "t"; value: boolean }
  | { type: "b" | "B" | "s" | "u" | "I" | "i" | "f" | "d"; value: number }
  | { type: "l" | "L" | "T"; value: bigint }
  | { type: "D" | "S" | "x"; value: string }
  | { type: "A"; value: Field[] }
  | { type: "F"; value: FieldTable }
  | { type: "V"; value: null };

/** An ordered field table: names are binary strings of at most 255 octets. */
export type FieldTable = Map<string, Field>;

/** Deepest nesting read: hostile tables must not exhaust the stack. */
const MAX_DEPTH = 100;

function malformed(): UnanswerableError {
  // RabbitMQ drops the connection of a peer that sends such a table.
  return new UnanswerableError("malformed field table");
}

/**
 * Reads the table whose length octets start at `start` and which must end at or before `end`.
 * @throws {UnanswerableError} when lengths lie, a type is unknown or the nesting is too deep.
 */
export function readTable(bytes: Buffer, start: number, end: number, depth = 0): FieldTable {
  const table: FieldTable = new Map();
  const reader = new FieldReader(bytes, start, end, depth);
  reader.enter();
  while (reader.more()) {
    const name = reader.shortString();
    const field = reader.field();
    if (!table.has(name)) table.set(name, field); // of two with one name the first counts
  }
  return table;
}

/** Erlang knows no other floats: RabbitMQ 3.10, 4.0 and 4.3 cannot read such a table. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw malformed();
  return value;
}

class FieldReader {
  readonly #bytes: Buffer;
  #position: number;
  #end: number;
  readonly #depth: number;

  constructor(bytes: Buffer, start: number, end: number, depth: number) {
    if (depth > MAX_DEPTH) throw malformed();
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
    this.#depth = depth;
  }

  /** Reads the length octets and narrows the reader to that many octets. */
  enter(): void {
    const length = this.#bytes.readUInt32BE(this.#take(4));
    if (length > this.#end - this.#position) throw malformed();
    this.#end = this.#position + length;
  }

  more(): boolean {
    return this.#position < this.#end;
  }

  #take(octets: number): number {
    const at = this.#position;
    if (octets > this.#end - at) throw malformed();
    this.#position = at + octets;
    return at;
  }

  #text(octets: number): string {
    const at = this.#take(octets);
    return this.#bytes.toString("latin1", at, at + octets);
  }

  #longString(): string {
    return this.#text(this.#bytes.readUInt32BE(this.#take(4)));
  }

  shortString(): string {
    return this.#text(this.#bytes.readUInt8(this.#take(1)));
  }

  field(): Field {
    const bytes = this.#bytes;
    const type = this.#text(1);
    switch (type) {
      case "t":
        return { type, value: bytes.readUInt8(this.#take(1)) !== 0 };
      case "b":
        return { type, value: bytes.readInt8(this.#take(1)) };
      case "B":
        return { type, value: bytes.readUInt8(this.#take(1)) };
      case "s":
        return { type, value: bytes.readInt16BE(this.#take(2)) };
      case "u":
        return { type, value: bytes.readUInt16BE(this.#take(2)) };
      case "I":
        return { type, value: bytes.readInt32BE(this.#take(4)) };
      case "i":
        return { type, value: bytes.readUInt32BE(this.#take(4)) };
      case "f":
        return { type, value: finite(bytes.readFloatBE(this.#take(4))) };
      case "d":
        return { type, value: finite(bytes.readDoubleBE(this.#take(8))) };
      case "l":
      case "L":
        return { type, value: bytes.readBigInt64BE(this.#take(8)) };
      case "T":
        return { type, value: bytes.readBigUInt64BE(this.#take(8)) };
      case "D":
        return { type, value: this.#text(5) };
      case "S":
      case "x":
        return { type, value: this.#longString() };
      case "A": {
        const start = this.#position;
        const items = new FieldReader(bytes, start, this.#end, this.#depth + 1);
        items.enter();
        const value: Field[] = [];
        while (items.more()) value.push(items.field());
        this.#position = items.#position;
        return { type, value };
      }
      case "F": {
        const start = this.#position;
        const length = bytes.readUInt32BE(this.#take(4));
        const value = readTable(bytes, start, this.#end, this.#depth + 1);
        this.#take(length);
        return { type, value };
      }
      case "V":
        return { type, value: null };
      default:
        throw malformed();
    }
  }
}

/** A field for plain text; the text must already be a binary string. */
export function textField(value: string): Field {
  return { type: "S", value };
}

/** The value of an integer field of any width, or undefined for any other type. */
export function integerOf(field: Field | undefined): number | undefined {
  if (field === undefined) return undefined;
  switch (field.type) {
    case "b":
    case "B":
    case "s":
    case "u":
    case "I":
    case "i":
      return field.value;
    case "l":
    case "L":
      return Number(field.value);
    default:
      return undefined;
  }
}

/** RabbitMQ's word for a field type, as its error texts print it. */
export const FIELD_TYPE_NAMES: Record<Field["type"], string> = {
  t: "bool",
  b: "byte",
  B: "unsignedbyte",
  s: "short",
  u: "unsignedshort",
  I: "signedint",
  i: "unsignedint",
  l: "long",
  L: "long",
  f: "float",
  d: "double",
  D: "decimal",
  S: "longstr",
  x: "binary",
  T: "timestamp",
  A: "array",
  F: "table",
  V: "void",
};

/** The same fields in the order of their names: so RabbitMQ leaves a table that it has changed. */
export function sortedByName(table: FieldTable): FieldTable {
  return new Map([...table].sort(([a], [b]) => a < b ? -1 : 1));
}
