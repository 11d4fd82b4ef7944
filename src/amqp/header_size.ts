import { Buffer } from "node:buffer";
import { HeadersTooLarge } from "./errors.ts";
import type { MessageProperties } from "./publisher.ts";

/**
 * amqplib encodes a table of headers into a buffer of this size, which is made once and for all.
 */
const MOST_TABLE_BYTES = 65_536;

/** Around a content header's properties: frame header and end, class, weight, body size, flags. */
const FRAME_BYTES = 8 + 14;

/** A short string, with its length: a message id is at most that long. */
const MOST_SHORT_STRING_BYTES = 256;

/**
 * Makes sure that messages with these properties can be sent, whatever their id: their headers must
 * be within what amqplib encodes, and all properties in one frame (AMQP 0-9-1 section 4.2.6.1).
 *
 * @param frameMaxBytes as it was agreed upon with the broker
 * @throws {HeadersTooLarge}
 */
export function mustBeSendable(
  { headers, ttlMs, contentType, priority }: MessageProperties,
  frameMaxBytes: number,
): void {
  const others = FRAME_BYTES + MOST_SHORT_STRING_BYTES +
    1 + // delivery mode
    (priority === undefined ? 0 : 1) +
    (ttlMs === undefined ? 0 : 1 + String(ttlMs).length) +
    (contentType === undefined ? 0 : 1 + Buffer.byteLength(contentType));
  const headersBytes = tableBytes(headers);
  const frameRoom = frameMaxBytes - others;
  if (headersBytes <= Math.min(MOST_TABLE_BYTES, frameRoom)) return;
  throw frameRoom < MOST_TABLE_BYTES
    ? new HeadersTooLarge({ headersBytes, limitBytes: frameRoom, frameMaxBytes })
    : new HeadersTooLarge({ headersBytes, limitBytes: MOST_TABLE_BYTES });
}

/** A field table of strings: its length, then each key, a type, and the value with its length. */
function tableBytes(headers: Readonly<Record<string, string>>): number {
  return Object.entries(headers).reduce(
    (sum, [key, value]) => sum + 1 + Buffer.byteLength(key) + 1 + 4 + Buffer.byteLength(value),
    4,
  );
}
