import { Buffer } from "node:buffer";
import { Message, type Slice } from "../model/message.ts";
import type { RoutingProperties } from "../wire/content_header.ts";

/** Room for so much at first, in octets: what a client announces it need not send. */
const FIRST_BYTES = 256 * 1024;
/**
 * Who sends that much gets room for all of it at once. More than so many octets come from the
 * machine, which gives only what is written to; less may have been in use before.
 */
const USED_BEFORE_BYTES = 4 * 1024 * 1024;

/**
 * A message whose body comes in several frames, copied together as it comes: a slice of each frame
 * would keep all that came with it from the network, and cost more than an octet that it holds.
 */
export class GatheredContent {
  readonly #propertiesAt: number;
  readonly #bodyAt: number;
  readonly #size: number;
  #bytes: Buffer;
  #end: number;

  /** @param bodyBytes as announced */
  constructor(address: Slice, properties: Slice, bodyBytes: number) {
    this.#propertiesAt = address.end - address.start;
    this.#bodyAt = this.#end = this.#propertiesAt + properties.end - properties.start;
    this.#size = this.#bodyAt + bodyBytes;
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(this.#size, this.#bodyAt + FIRST_BYTES));
    address.bytes.copy(this.#bytes, 0, address.start, address.end);
    properties.bytes.copy(this.#bytes, this.#propertiesAt, properties.start, properties.end);
  }

  /** Octets that it takes of the memory. */
  get bytes(): number {
    const { length } = this.#bytes;
    return length <= USED_BEFORE_BYTES ? length : this.#end;
  }

  /** Adds a frame's part of the body; no more than was announced. */
  add(bytes: Buffer, start: number, end: number): void {
    const needed = this.#end + end - start;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(this.#size);
      this.#bytes.copy(grown, 0, 0, this.#end);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#end, start, end);
    this.#end = needed;
  }

  /** @param found in the properties, offsets relative to their slice, which started at 0 */
  message(exchange: string, routingKey: string, found: RoutingProperties): Message {
    const at = { bytes: this.#bytes, start: 0, end: this.#end };
    return Message.adopt(exchange, routingKey, at, this.#propertiesAt, this.#bodyAt, found);
  }
}
