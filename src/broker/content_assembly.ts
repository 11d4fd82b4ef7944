import type { Buffer } from "node:buffer";
import type { Exchange } from "./model/exchange.ts";
import { encodeAddress, Message, type Slice } from "./model/message.ts";
import { type RoutingProperties, scanProperties } from "./wire/content_header.ts";
import { FRAME_BODY, FRAME_HEADER } from "./wire/frame_parser.ts";
import { ChannelError, ConnectionError } from "./wire/protocol_error.ts";

/** Largest body, in octets: RabbitMQ's max_message_size. */
export const MAX_MESSAGE_BYTES = 134_217_728;

/** A basic.publish whose content is complete. */
export interface Publish {
  exchange: Exchange;
  mandatory: boolean;
  message: Message;
  properties: RoutingProperties;
}

/** Gathers header and body frames that follow basic.publish (section 4.2.6). */
export class ContentAssembly {
  readonly exchange: Exchange;
  readonly routingKey: string;
  readonly mandatory: boolean;
  /** Exchange and routing key as they came, two short strings. */
  readonly #address: Slice;
  readonly #found = {} as RoutingProperties;
  #properties: Slice | undefined;
  #body: Slice[] = [];
  #size = 0;
  #missing = 0;

  constructor(exchange: Exchange, routingKey: string, mandatory: boolean, address?: Slice) {
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.mandatory = mandatory;
    this.#address = address ?? encodeAddress(exchange.name, routingKey);
  }

  /** An assembly for the next publish with the same method frame. */
  again(): ContentAssembly {
    return new ContentAssembly(this.exchange, this.routingKey, this.mandatory, this.#address);
  }

  /**
   * Takes the next frame.
   * @returns the publish once it is complete.
   * @throws {ConnectionError} 505 for a frame that does not belong here.
   * @throws {ChannelError} 406 for a body that is too large.
   */
  frame(type: number, bytes: Buffer, start: number, end: number): Publish | undefined {
    if (this.#properties === undefined) {
      if (type !== FRAME_HEADER) {
        // Rule (section 4.2.6): a content header follows the method.
        throw unexpected("expected content header for class 60, got non content header frame");
      }
      return this.#header(bytes, start, end);
    }
    if (type !== FRAME_BODY) throw unexpected("expected content body, got non content body frame");
    const octets = end - start;
    if (octets > this.#missing) {
      // Rule (section 4.2.6): body frames add up to the announced size.
      throw unexpected("expected content body, got non content body frame");
    }
    // What will be refused is counted, not kept.
    if (this.#size <= MAX_MESSAGE_BYTES) this.#body.push({ bytes, start, end });
    this.#missing -= octets;
    return this.#missing === 0 ? this.#complete() : undefined;
  }

  #header(bytes: Buffer, start: number, end: number): Publish | undefined {
    if (end - start < 14) throw new ConnectionError("INTERNAL_ERROR", "");
    const classId = bytes.readUInt16BE(start);
    if (classId !== 60) {
      // Rule (section 4.2.6.1): the class id matches the method's.
      throw unexpected(
        `expected content header for class 60, got one for class ${classId}`,
      );
    }
    if (bytes.readUInt16BE(start + 2) !== 0) {
      // Rule (section 4.2.6.1): the weight is zero.
      throw unexpected("expected content header for class 60, got non content header frame");
    }
    const size = bytes.readUInt32BE(start + 4) * 0x1_0000_0000 + bytes.readUInt32BE(start + 8);
    scanProperties(bytes, start + 12, end, this.#found);
    this.#properties = { bytes, start: start + 12, end };
    this.#size = this.#missing = size;
    return size === 0 ? this.#complete() : undefined;
  }

  #complete(): Publish {
    if (this.#size > MAX_MESSAGE_BYTES) {
      // RabbitMQ's max_message_size.
      throw new ChannelError(
        "PRECONDITION_FAILED",
        `message size ${this.#size} is larger than configured max size ${MAX_MESSAGE_BYTES}`,
      );
    }
    const message = Message.assemble(
      this.exchange.name,
      this.routingKey,
      this.#address,
      this.#properties!,
      this.#body,
      this.#found,
    );
    return {
      exchange: this.exchange,
      mandatory: this.mandatory,
      message,
      properties: this.#found,
    };
  }
}

function unexpected(problem: string): ConnectionError {
  return new ConnectionError("UNEXPECTED_FRAME", `${problem} instead`);
}
