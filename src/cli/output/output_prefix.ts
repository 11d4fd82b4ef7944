import { Buffer } from "node:buffer";
import type { Delivery } from "../../amqp/delivery.ts";
import { printableText } from "./body.ts";

const NEWLINE = 0x0a;

/** Enough of a unique id to tell tasks apart on a screen. */
const ID_CHARACTERS = 8;

/** What stands in front of the lines of one task: `C1 6ae3f036 | `. */
export function outputPrefix(worker: string, { messageId, deliveryTag }: Delivery): string {
  const id = messageId === undefined ? `#${deliveryTag}` : messageId.slice(0, ID_CHARACTERS);
  return `${printableText(`${worker} ${id}`)} | `;
}

/** Whole lines with the prefix in front of each; their bytes stay as they are. */
export function prefixed(lines: Uint8Array, prefix: string): Uint8Array {
  const prefixBytes = Buffer.from(prefix);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < lines.byteLength;) {
    const newline = lines.indexOf(NEWLINE, start);
    const end = newline === -1 ? lines.byteLength : newline + 1;
    pieces.push(prefixBytes, lines.subarray(start, end));
    start = end;
  }
  return Buffer.concat(pieces);
}
