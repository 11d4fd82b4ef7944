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

/**
 * CRC-32 of the octets of a message, begun with the numbers beside them that never change. It is on
 * the way of every publish: a second CRC over the numbers would cost as much as the first.
 *
 * @param expiresAt in ms since 1970, or null; fractions are not covered
 */
export function messageChecksum(
  id: number,
  queue: number,
  expiresAt: number | null,
  bodyAt: number,
  bytes: Uint8Array,
): number {
  let numbers = Math.imul(id, 0x9e3779b1) ^ Math.imul(id / 2 ** 32, 0x85ebca6b);
  numbers ^= Math.imul(queue, 0xc2b2ae35) ^ Math.imul(bodyAt, 0x27d4eb2f);
  if (expiresAt !== null) numbers ^= ~expiresAt ^ Math.imul(expiresAt / 2 ** 32, 0x165667b1);
  return crc32(bytes, numbers >>> 0);
}
