import { Buffer } from "node:buffer";
import type { Exchange } from "../model/exchange.ts";
import { encodeAddress, Message, type Slice } from "../model/message.ts";
import type { Release } from "../release.ts";
import { type RoutingProperties, scanProperties } from "../wire/content_header.ts";
import { erlangBinary } from "../wire/erlang_text.ts";
import { FRAME_BODY, FRAME_HEADER } from "../wire/frame_parser.ts";
import { METHOD_TABLE } from "../wire/method_table.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import { GatheredContent } from "./gathered_content.ts";

/** The only class whose methods have content. */
const CLASS_BASIC = METHOD_TABLE["basic.publish"].classId;
const HEADER_EXPECTED = `expected content header for class ${CLASS_BASIC}`;

/** What a slice points to that is not in use: it must not keep what came from the network. */
const NOTHING = Buffer.alloc(0);

/** Properties up to that many octets are part of what a channel costs. */
const SMALL_BYTES = 1024;

/** A basic.publish whose content is complete; good until its assembly begins again. */
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
  readonly #release: Release;
  readonly #found = {} as RoutingProperties;
  /** A copy: the body may never come. */
  readonly #properties: Slice = { bytes: Buffer.allocUnsafe(64), start: 0, end: 0 };
  /** The body when it came in one frame, as most do. */
  readonly #whole: Slice = { bytes: NOTHING, start: 0, end: 0 };
  #gathered: GatheredContent | undefined;
  #headed = false;
  #size = 0;
  #missing = 0;
  #publish: Publish | undefined;

  constructor(exchange: Exchange, routingKey: string, mandatory: boolean, release: Release) {
    this.#release = release;
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.mandatory = mandatory;
    this.#address = encodeAddress(exchange.name, routingKey);
  }

  /**
   * Begins the next publish with the same method frame. The same objects serve again: with a long
   * queue every piece of garbage costs, because the collector lets it pile up.
   */
  again(): ContentAssembly {
    this.#gathered = undefined;
    this.#headed = false;
    return this;
  }

  /** Octets that it holds of a publish that is not whole. */
  get heldBytes(): number {
    const properties = this.#headed ? this.#properties.bytes.length : 0;
    return (this.#gathered?.bytes ?? 0) + (properties > SMALL_BYTES ? properties : 0);
  }

  /**
   * Takes the next frame.
   * @returns the publish once it is complete.
   * @throws {ConnectionError} 505 for a frame that does not belong here.
   * @throws {ChannelError} 406 for a body that is too large.
   */
  frame(type: number, bytes: Buffer, start: number, end: number): Publish | undefined {
    if (!this.#headed) {
      if (type !== FRAME_HEADER) {
        // Rule (section 4.2.6): a content header follows the method.
        throw unexpected(`${HEADER_EXPECTED}, got non content header frame`);
      }
      return this.#header(bytes, start, end);
    }
    if (type !== FRAME_BODY) throw unexpected("expected content body, got non content body frame");
    const octets = end - start;
    if (octets > this.#missing) {
      // Rule (section 4.2.6): body frames add up to the announced size.
      throw this.#release.surplusBody === "frame error"
        ? new ConnectionError("FRAME_ERROR", "content body frame exceeds remaining content size")
        : unexpected("expected content body, got non content body frame");
    }
    // What will be refused is counted, not kept.
    const whole = this.#whole;
    if (octets === this.#size) {
      whole.bytes = bytes;
      whole.start = start;
      whole.end = end;
    } else if (this.#size <= this.#release.maxMessageBytes) {
      this.#gathered ??= new GatheredContent(this.#address, this.#properties, this.#size);
      this.#gathered.add(bytes, start, end);
    }
    this.#missing -= octets;
    return this.#missing === 0 ? this.#complete() : undefined;
  }

  #header(bytes: Buffer, start: number, end: number): Publish | undefined {
    if (end - start < 12) {
      // Rule (section 4.2.6.1): class id, weight and body size come first.
      const octets = erlangBinary(bytes.subarray(start, end));
      const problem = `type 2, all octets = ${octets}: unknown_frame`;
      throw new ConnectionError("FRAME_ERROR", problem, { namesMethod: false });
    }
    const classId = bytes.readUInt16BE(start);
    if (classId !== CLASS_BASIC) {
      // Rule (section 4.2.6.1): the class id matches the method's.
      throw unexpected(`${HEADER_EXPECTED}, got one for class ${classId}`);
    }
    if (bytes.readUInt16BE(start + 2) !== 0) {
      // Rule (section 4.2.6.1): the weight is zero.
      throw unexpected(`${HEADER_EXPECTED}, got non content header frame`);
    }
    const size = bytes.readUInt32BE(start + 4) * 0x1_0000_0000 + bytes.readUInt32BE(start + 8);
    const { maxAnnouncedBytes } = this.#release;
    if (size > maxAnnouncedBytes) {
      const problem = `content body size ${size} exceeds maximum allowed size ${maxAnnouncedBytes}`;
      throw new ConnectionError("FRAME_ERROR", problem);
    }
    const properties = this.#properties;
    properties.end = end - start - 12;
    if (properties.end > properties.bytes.length) {
      properties.bytes = Buffer.allocUnsafeSlow(properties.end);
    }
    bytes.copy(properties.bytes, 0, start + 12, end);
    scanProperties(properties.bytes, 0, properties.end, this.#found);
    this.#headed = true;
    this.#size = this.#missing = size;
    return size === 0 ? this.#complete() : undefined;
  }

  #complete(): Publish {
    const { maxMessageBytes } = this.#release;
    if (this.#size > maxMessageBytes) {
      // RabbitMQ's max_message_size.
      throw new ChannelError(
        "PRECONDITION_FAILED",
        `message size ${this.#size} is larger than configured max size ${maxMessageBytes}`,
      );
    }
    const message = this.#message();
    if (this.#properties.bytes.length > SMALL_BYTES) this.#properties.bytes = NOTHING;
    const publish = this.#publish ??= {
      exchange: this.exchange,
      mandatory: this.mandatory,
      message,
      properties: this.#found,
    };
    publish.message = message;
    return publish;
  }

  #message(): Message {
    const { exchange: { name }, routingKey } = this;
    const gathered = this.#gathered;
    if (gathered !== undefined) {
      this.#gathered = undefined;
      return gathered.message(name, routingKey, this.#found);
    }
    const whole = this.#whole;
    if (this.#size === 0) whole.start = whole.end = 0;
    const message = Message.assemble(
      name,
      routingKey,
      this.#address,
      this.#properties,
      whole,
      this.#found,
    );
    whole.bytes = NOTHING;
    return message;
  }
}

function unexpected(problem: string): ConnectionError {
  return new ConnectionError("UNEXPECTED_FRAME", `${problem} instead`);
}
