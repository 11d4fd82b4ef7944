/** Messages by the hundred thousand, faster than a client library makes or takes them. */
import { Buffer } from "node:buffer";
import { BASIC_CLASS } from "../support/amqp_methods.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_METHOD } from "../support/amqp_peer.ts";
import { encodeHeader, encodeMethod, type Fields } from "../support/amqp_wire.ts";

const FRAME_HEADER_BYTES = 7;
const FRAME_END = 0xce;
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
    frame(FRAME_METHOD, encodeMethod("basic.publish", publish)),
    frame(FRAME_HEADER, encodeHeader(BASIC_CLASS, bodyBytes, properties)),
    frame(FRAME_BODY, Buffer.alloc(bodyBytes, ".")),
  ]);
  const bodyAt = one.length - 1 - bodyBytes;
  const all = Buffer.alloc(one.length * count);
  for (let index = 0; index < count; index++) {
    one.copy(all, index * one.length);
    all.write(`${first + index}`.padStart(DIGITS, "0"), index * one.length + bodyAt, "latin1");
  }
  return all;
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

/** A frame on channel 1. */
function frame(type: number, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + payload.length + 1);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(1, 1);
  bytes.writeUInt32BE(payload.length, 3);
  payload.copy(bytes, FRAME_HEADER_BYTES);
  bytes[bytes.length - 1] = FRAME_END;
  return bytes;
}
