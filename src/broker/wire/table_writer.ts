import { Buffer } from "node:buffer";
import type { Field, FieldTable } from "./field_table.ts";

/** Encodes a table with its four length octets. */
export function encodeTable(table: FieldTable): Buffer {
  const bytes = Buffer.allocUnsafe(tableOctets(table));
  writeTable(table, bytes, 0);
  return bytes;
}

/** Of a name as many octets as its length can tell. */
const NAME_OCTETS = 255;

function tableOctets(table: FieldTable): number {
  let octets = 4;
  for (const [name, field] of table) {
    octets += 1 + Math.min(name.length, NAME_OCTETS) + fieldOctets(field);
  }
  return octets;
}

/** Type and value. */
function fieldOctets(field: Field): number {
  switch (field.type) {
    case "t":
    case "b":
    case "B":
      return 2;
    case "s":
    case "u":
      return 3;
    case "I":
    case "i":
    case "f":
      return 5;
    case "d":
    case "l":
    case "L":
    case "T":
      return 9;
    case "D":
      return 1 + field.value.length;
    case "S":
    case "x":
      return 5 + field.value.length;
    case "A":
      return field.value.reduce((octets, item) => octets + fieldOctets(item), 5);
    case "F":
      return 1 + tableOctets(field.value);
    case "V":
      return 1;
  }
}

/** @returns where it ends */
function writeTable(table: FieldTable, bytes: Buffer, start: number): number {
  let at = start + 4;
  for (const [name, field] of table) {
    const text = name.length > NAME_OCTETS ? name.slice(0, NAME_OCTETS) : name;
    bytes[at] = text.length;
    bytes.write(text, at + 1, "latin1");
    at = writeField(field, bytes, at + 1 + text.length);
  }
  bytes.writeUInt32BE(at - start - 4, start);
  return at;
}

/** @returns where it ends */
function writeField(field: Field, bytes: Buffer, start: number): number {
  bytes[start] = field.type.charCodeAt(0);
  const at = start + 1;
  switch (field.type) {
    case "t":
      return bytes.writeUInt8(field.value ? 1 : 0, at);
    case "b":
      return bytes.writeInt8(field.value, at);
    case "B":
      return bytes.writeUInt8(field.value, at);
    case "s":
      return bytes.writeInt16BE(field.value, at);
    case "u":
      return bytes.writeUInt16BE(field.value, at);
    case "I":
      return bytes.writeInt32BE(field.value, at);
    case "i":
      return bytes.writeUInt32BE(field.value, at);
    case "f":
      return bytes.writeFloatBE(field.value, at);
    case "d":
      return bytes.writeDoubleBE(field.value, at);
    case "l":
    case "L":
      return bytes.writeBigInt64BE(field.value, at);
    case "T":
      return bytes.writeBigUInt64BE(field.value, at);
    case "D":
      return at + bytes.write(field.value, at, "latin1");
    case "S":
    case "x":
      bytes.writeUInt32BE(field.value.length, at);
      return at + 4 + bytes.write(field.value, at + 4, "latin1");
    case "A": {
      let end = at + 4;
      for (const item of field.value) end = writeField(item, bytes, end);
      bytes.writeUInt32BE(end - at - 4, at);
      return end;
    }
    case "F":
      return writeTable(field.value, bytes, at);
    case "V":
      return at;
  }
}
