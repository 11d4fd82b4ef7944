import { Buffer } from "node:buffer";
import {
  type BasicProperties,
  encodeProperties,
  readProperties,
  type RoutingProperties,
  scanProperties,
} from "../wire/content_header.ts";
import { type Field, type FieldTable, readTable, sortedByName } from "../wire/field_table.ts";

/** Octets a message costs in memory beside its own: objects, queue slot, slab slack (estimate). */
const OVERHEAD_BYTES = 400;

/** And one with a piece of memory for itself: there are eight sizes between powers of two. */
const ROUNDING_SHARE = 1 / 8;

/** A range of a buffer, end exclusive. */
export interface Slice {
  bytes: Buffer;
  start: number;
  end: number;
}

const SLAB_BYTES = 64 * 1024;
let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;

/** Room for a message: small ones share slabs, so that none of them pins a whole network chunk. */
function reserve(octets: number): Slice {
  if (octets > SLAB_BYTES / 4) {
    return { bytes: Buffer.allocUnsafeSlow(octets), start: 0, end: octets };
  }
  if (slabUsed + octets > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += octets;
  return { bytes: slab, start, end: slabUsed };
}

/**
 * Reused for every message that is restored: one for each would be garbage, at a million some 17 MB
 * more at the peak and 4 % more time.
 */
const restored = {} as RoutingProperties;

function copy(from: Slice, into: Buffer, at: number): number {
  from.bytes.copy(into, at, from.start, from.end);
  return at + from.end - from.start;
}

/**
 * A published message, immutable, held as the octets a delivery repeats:
 * exchange and routing key as short strings, then property flags and properties, then the body.
 */
export class Message {
  readonly exchange: string;
  readonly routingKey: string;
  readonly bytes: Buffer;
  /** Where exchange and routing key start. */
  readonly start: number;
  readonly propertiesAt: number;
  readonly bodyAt: number;
  readonly end: number;
  readonly persistent: boolean;
  readonly priority: number;
  /** Time to live asked by the publisher, in ms; -1 for none. */
  readonly expirationMs: number;
  /** Where the header table starts in `bytes`, or -1. */
  readonly #headersAt: number;
  /** A dead letter of this broker, or one that a store kept: its x-death tells its history. */
  dead = false;

  private constructor(
    exchange: string,
    routingKey: string,
    at: Slice,
    propertiesAt: number,
    bodyAt: number,
    found: RoutingProperties,
  ) {
    this.exchange = exchange;
    this.routingKey = routingKey;
    this.bytes = at.bytes;
    this.start = at.start;
    this.propertiesAt = propertiesAt;
    this.bodyAt = bodyAt;
    this.end = at.end;
    this.persistent = found.deliveryMode === 2;
    this.priority = found.priority;
    this.expirationMs = found.expiration === undefined ? -1 : Number(found.expiration);
    this.#headersAt = found.headersAt;
  }

  /**
   * Copies a message together.
   * @param found what `scanProperties` found in `properties`, offsets relative to that buffer.
   */
  static assemble(
    exchange: string,
    routingKey: string,
    address: Slice,
    properties: Slice,
    body: Slice,
    found: RoutingProperties,
  ): Message {
    const octets = address.end - address.start + properties.end - properties.start +
      body.end - body.start;
    const at = reserve(octets);
    const propertiesAt = copy(address, at.bytes, at.start);
    const bodyAt = copy(properties, at.bytes, propertiesAt);
    copy(body, at.bytes, bodyAt);
    if (found.headersAt >= 0) found.headersAt += propertiesAt - properties.start;
    return new Message(exchange, routingKey, at, propertiesAt, bodyAt, found);
  }

  /**
   * A message whose octets (see the class) are together already; a large one keeps them as they
   * are.
   * @param found what `scanProperties` found in the properties, as if they started at 0
   */
  static adopt(
    exchange: string,
    routingKey: string,
    at: Slice,
    propertiesAt: number,
    bodyAt: number,
    found: RoutingProperties,
  ): Message {
    if (found.headersAt >= 0) found.headersAt += propertiesAt;
    if (at.end - at.start > SLAB_BYTES / 4) {
      return new Message(exchange, routingKey, at, propertiesAt, bodyAt, found);
    }
    const { bytes, start, end } = at;
    return Message.assemble(
      exchange,
      routingKey,
      { bytes, start, end: propertiesAt },
      { bytes, start: propertiesAt, end: bodyAt },
      { bytes, start: bodyAt, end },
      found,
    );
  }

  /**
   * The message whose octets (see the class) a store gave back; `bodyAt` is an offset in them.
   * @param like a message restored before: a queue's messages mostly share their address.
   */
  static restore(octets: Uint8Array, bodyAt: number, like: Message | undefined): Message {
    const at = reserve(octets.length);
    const { bytes, start } = at;
    bytes.set(octets, start);
    const exchangeEnd = start + 1 + bytes[start]!;
    const propertiesAt = exchangeEnd + 1 + bytes[exchangeEnd]!;
    const same = like !== undefined &&
      like.propertiesAt - like.start === propertiesAt - start &&
      like.bytes.compare(bytes, start, propertiesAt, like.start, like.propertiesAt) === 0;
    const exchange = same ? like.exchange : bytes.toString("latin1", start + 1, exchangeEnd);
    const routingKey = same
      ? like.routingKey
      : bytes.toString("latin1", exchangeEnd + 1, propertiesAt);
    scanProperties(bytes, propertiesAt, start + bodyAt, restored);
    const message = new Message(exchange, routingKey, at, propertiesAt, start + bodyAt, restored);
    message.dead = restored.headersAt >= 0;
    return message;
  }

  get bodyBytes(): number {
    return this.end - this.bodyAt;
  }

  /** Octets of its properties, with the header table. */
  get propertyBytes(): number {
    return this.bodyAt - this.propertiesAt;
  }

  /** Octets it takes in memory (estimate). */
  get memoryBytes(): number {
    const octets = this.end - this.start;
    return OVERHEAD_BYTES + octets + (octets > SLAB_BYTES / 4 ? octets * ROUNDING_SHARE : 0);
  }

  /** The header table, decoded on each call; undefined when there is none. */
  headers(): FieldTable | undefined {
    if (this.#headersAt < 0) return undefined;
    return readTable(this.bytes, this.#headersAt, this.bodyAt);
  }

  /** All properties, decoded on each call. */
  properties(): BasicProperties {
    return readProperties(this.bytes, this.propertiesAt, this.bodyAt);
  }

  /**
   * The same message with one header more, or another value for it; the headers by name, as
   * RabbitMQ.
   */
  withHeader(name: string, field: Field): Message {
    const properties = this.properties();
    const headers: FieldTable = new Map(properties.headers ?? []);
    return this.withProperties({ ...properties, headers: sortedByName(headers.set(name, field)) });
  }

  /** The same message with other properties, and if given another address. */
  withProperties(
    properties: BasicProperties,
    exchange = this.exchange,
    routingKey = this.routingKey,
  ): Message {
    const bytes = encodeProperties(properties);
    const found = {} as RoutingProperties;
    scanProperties(bytes, 0, bytes.length, found);
    const slice = { bytes, start: 0, end: bytes.length };
    const address = encodeAddress(exchange, routingKey);
    return Message.assemble(exchange, routingKey, address, slice, this.body(), found);
  }

  /** The body's place. */
  body(): Slice {
    return { bytes: this.bytes, start: this.bodyAt, end: this.end };
  }
}

/**
 * Exchange and routing key as the two short strings a message starts with.
 * @throws {RangeError} for a routing key that is no short string, as x-dead-letter-routing-key may
 *   be
 */
export function encodeAddress(exchange: string, routingKey: string): Slice {
  if (routingKey.length > 255) {
    throw new RangeError(`a routing key of ${routingKey.length} octets is longer than 255`);
  }
  const bytes = Buffer.allocUnsafe(2 + exchange.length + routingKey.length);
  bytes[0] = exchange.length;
  bytes.write(exchange, 1, "latin1");
  bytes[1 + exchange.length] = routingKey.length;
  bytes.write(routingKey, 2 + exchange.length, "latin1");
  return { bytes, start: 0, end: bytes.length };
}
