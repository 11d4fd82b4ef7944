import { Buffer } from "node:buffer";

const SMALLEST_BYTES = 64;
const LARGEST_BYTES = 1_024;
/** A prime, so that all sizes come up in a mixed order. */
const STRIDE = 7_919;
const FILLER = "x".charCodeAt(0);

/** The size of a producer's message, in octets: all from 64 to 1,024 come up. */
export function bodyBytesOf(sequence: number): number {
  return SMALLEST_BYTES + sequence * STRIDE % (LARGEST_BYTES - SMALLEST_BYTES + 1);
}

/** A body in which `writeNumber` puts who sent it, and which it is. */
export function blankBody(bodyBytes: number): Buffer {
  return Buffer.alloc(bodyBytes, FILLER);
}

export function writeNumber(bytes: Buffer, at: number, producer: number, sequence: number): void {
  bytes.writeUInt32BE(producer, at);
  bytes.writeUInt32BE(sequence, at + 4);
}

/** @throws when the body is not as it was sent. */
export function readNumber(
  bytes: Buffer,
  start: number,
  end: number,
): { producer: number; sequence: number } {
  const producer = bytes.readUInt32BE(start);
  const sequence = bytes.readUInt32BE(start + 4);
  if (end - start !== bodyBytesOf(sequence) || bytes[end - 1] !== FILLER) {
    throw new Error(`message ${sequence} of producer ${producer} came with another body`);
  }
  return { producer, sequence };
}
