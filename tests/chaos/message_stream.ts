/** Messages by the hundred thousand, faster than a client library makes or takes them. */
import { Buffer } from "node:buffer";
import { encodeFrame, FRAME_BODY, FRAME_HEADER, FRAME_METHOD } from "../support/amqp_frame.ts";
import { BASIC_CLASS } from "../support/amqp_methods.ts";
import type { AmqpPeer } from "../support/amqp_peer.ts";
import { encodeHeader, encodeMethod, type Fields } from "../support/amqp_wire.ts";

const FRAME_HEADER_BYTES = 7;
/** Digits of the number that each body begins with. */
const DIGITS = 8;

export interface PublishOptions {
  /** Of basic.publish; the default exchange unless told otherwise. */
  readonly publish: Fields;
  readonly properties?: Fields;
  /** Default: as long as its number. */
  readonly bodyBytes?: number;
}

/** Publishes on channel 1, numbered from `first` on, as they go over the wire. */
export function publishes(first: number, count: number, options: PublishOptions): Buffer {
  const { publish, properties = {}, bodyBytes = DIGITS } = options;
  const one = Buffer.concat([
    encodeFrame(FRAME_METHOD, 1, encodeMethod("basic.publish", publish)),
    encodeFrame(FRAME_HEADER, 1, encodeHeader(BASIC_CLASS, bodyBytes, properties)),
    encodeFrame(FRAME_BODY, 1, Buffer.alloc(bodyBytes, ".")),
  ]);
  const bodyAt = one.length - 1 - bodyBytes;
  const all = Buffer.alloc(one.length * count);
  for (let index = 0; index < count; index++) {
    one.copy(all, index * one.length);
    all.write(`${first + index}`.padStart(DIGITS, "0"), index * one.length + bodyAt, "latin1");
  }
  return all;
}

/**
 * Publishes so many on channel 1, which is in confirm mode, and waits until all are confirmed.
 *
 * @param first how many were published there before
 */
export async function publishAll(
  peer: AmqpPeer,
  first: number,
  count: number,
  options: PublishOptions,
): Promise<void> {
  peer.sendBytes(publishes(first, count, options));
  while ((await peer.expect("basic.ack", 1)).deliveryTag !== first + count);
}

/** Reads the numbers of the messages that come in a stream of frames. */
export class NumberReader {
  #rest: Buffer = Buffer.alloc(0);
  readonly #onNumber: (number: number) => void;

  constructor(onNumber: (number: number) => void) {
    this.#onNumber = onNumber;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length - at > FRAME_HEADER_BYTES) {
      const start = at + FRAME_HEADER_BYTES;
      const end = start + bytes.readUInt32BE(at + 3);
      if (bytes.length <= end) break;
      if (bytes[at] === FRAME_BODY) {
        this.#onNumber(Number(bytes.toString("latin1", start, start + DIGITS)));
      }
      at = end + 1;
    }
    this.#rest = bytes.subarray(at);
  }
}
