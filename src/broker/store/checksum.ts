import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";

/** A value as SQLite gives it back; a damaged row may have any of them anywhere. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/** CRC-32 of the columns of a definition that never change. */
export function definitionChecksum(values: readonly SqlValue[]): number {
  let checksum = 0;
  for (const value of values) {
    checksum = value instanceof Uint8Array
      ? crc32(value, checksum)
      : crc32(`${typeof value} ${String(value).length} ${value} `, checksum);
  }
  return checksum;
}

const numbers = Buffer.alloc(32);

/** CRC-32 of the columns of a message that never change. */
export function messageChecksum(
  id: number,
  queue: number,
  expiresAt: number | null,
  bodyAt: number,
  bytes: Uint8Array,
): number {
  numbers.writeDoubleLE(id, 0);
  numbers.writeDoubleLE(queue, 8);
  numbers.writeDoubleLE(expiresAt ?? Infinity, 16);
  numbers.writeDoubleLE(bodyAt, 24);
  return crc32(bytes, crc32(numbers));
}
