import { Buffer } from "node:buffer";
import type { Message } from "../model/message.ts";
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_HEADER,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  FRAME_OVERHEAD,
} from "../wire/frame_parser.ts";
import { type Arguments, encodeMethod, type MethodName } from "../wire/method_codec.ts";
import { METHOD_TABLE } from "../wire/method_table.ts";

const SMALLEST_SLAB_BYTES = 4 * 1024;
const LARGEST_SLAB_BYTES = 256 * 1024;
/** Read once: every delivery and confirm writes them. */
const { classId: CLASS_BASIC, methodId: BASIC_DELIVER } = METHOD_TABLE["basic.deliver"];
const { methodId: BASIC_ACK } = METHOD_TABLE["basic.ack"];
const { methodId: BASIC_NACK } = METHOD_TABLE["basic.nack"];
/** The bit `requeue` of basic.nack. */
const NACK_REQUEUE = 2;

/**
 * Frames on their way out, gathered until `drain` hands them over for one write.
 * Slabs are never written twice: a socket may still hold what it was given.
 */
export class FrameWriter {
  #slab = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #slabBytes = SMALLEST_SLAB_BYTES;
  #full: Buffer[] = [];
  #fullBytes = 0;
  /** Largest frame the peer takes, in octets. */
  maxFrameBytes = 131_072;

  /** Octets gathered and not yet handed over. */
  get pendingBytes(): number {
    return this.#fullBytes + this.#end - this.#start;
  }

  /** Hands over what was gathered. */
  drain(): Buffer[] {
    const parts = this.#full;
    if (this.#end > this.#start) parts.push(this.#slab.subarray(this.#start, this.#end));
    const bytes = this.pendingBytes;
    this.#slabBytes = Math.min(Math.max(2 * bytes, SMALLEST_SLAB_BYTES), LARGEST_SLAB_BYTES);
    this.#start = this.#end;
    this.#full = [];
    this.#fullBytes = 0;
    return parts;
  }

  /** Makes room for that many octets in one piece. @returns where they start. */
  #reserve(octets: number): number {
    if (this.#end + octets > this.#slab.length) {
      if (this.#end > this.#start) {
        this.#full.push(this.#slab.subarray(this.#start, this.#end));
        this.#fullBytes += this.#end - this.#start;
        this.#slabBytes = Math.min(2 * this.#slabBytes, LARGEST_SLAB_BYTES);
      }
      // A large frame has a slab for itself: what it leaves of one would be kept for nothing.
      const isLarge = octets > LARGEST_SLAB_BYTES / 4;
      this.#slab = Buffer.allocUnsafeSlow(isLarge ? octets : Math.max(octets, this.#slabBytes));
      this.#start = this.#end = 0;
    }
    const at = this.#end;
    this.#end += octets;
    return at;
  }

  #frameHead(at: number, type: number, channel: number, size: number): number {
    const slab = this.#slab;
    slab[at] = type;
    slab[at + 1] = channel >> 8;
    slab[at + 2] = channel;
    writeLong(slab, at + 3, size);
    return at + 7;
  }

  raw(bytes: Buffer): void {
    const at = this.#reserve(bytes.length);
    bytes.copy(this.#slab, at);
  }

  heartbeat(): void {
    const at = this.#reserve(FRAME_OVERHEAD);
    this.#slab[this.#frameHead(at, FRAME_HEARTBEAT, 0, 0)] = FRAME_END;
  }

  method<M extends MethodName>(channel: number, name: M, args: Arguments<M>): void {
    const payload = encodeMethod(name, args);
    const at = this.#reserve(payload.length + FRAME_OVERHEAD);
    const start = this.#frameHead(at, FRAME_METHOD, channel, payload.length);
    payload.copy(this.#slab, start);
    this.#slab[start + payload.length] = FRAME_END;
  }

  /** basic.ack or basic.nack of publishes; a nack has its field's default as RabbitMQ sends it. */
  confirm(channel: number, deliveryTag: number, confirm: { ok: boolean; multiple: boolean }): void {
    const at = this.#reserve(13 + FRAME_OVERHEAD);
    const slab = this.#slab;
    let to = this.#frameHead(at, FRAME_METHOD, channel, 13);
    slab[to++] = 0;
    slab[to++] = CLASS_BASIC;
    slab[to++] = 0;
    slab[to++] = confirm.ok ? BASIC_ACK : BASIC_NACK;
    to = writeLongLong(slab, to, deliveryTag);
    slab[to++] = (confirm.multiple ? 1 : 0) | (confirm.ok ? 0 : NACK_REQUEUE);
    slab[to] = FRAME_END;
  }

  /** basic.deliver with content. @param consumerTag the tag as a short string. */
  deliver(
    channel: number,
    consumerTag: Buffer,
    deliveryTag: number,
    redelivered: boolean,
    message: Message,
  ): void {
    const address = message.propertiesAt - message.start;
    const size = 4 + consumerTag.length + 9 + address;
    const at = this.#reserve(size + FRAME_OVERHEAD);
    const slab = this.#slab;
    let to = this.#frameHead(at, FRAME_METHOD, channel, size);
    slab[to++] = 0;
    slab[to++] = CLASS_BASIC;
    slab[to++] = 0;
    slab[to++] = BASIC_DELIVER;
    slab.set(consumerTag, to);
    to = writeLongLong(slab, to + consumerTag.length, deliveryTag);
    slab[to++] = redelivered ? 1 : 0;
    message.bytes.copy(slab, to, message.start, message.propertiesAt);
    slab[to + address] = FRAME_END;
    this.content(channel, message);
  }

  /** Content header and body frames (section 4.2.6), the body cut to the peer's frame-max. */
  content(channel: number, message: Message): void {
    const properties = message.bodyAt - message.propertiesAt;
    const size = 12 + properties;
    const at = this.#reserve(size + FRAME_OVERHEAD);
    const slab = this.#slab;
    let to = this.#frameHead(at, FRAME_HEADER, channel, size);
    slab[to++] = 0;
    slab[to++] = CLASS_BASIC;
    slab[to++] = 0;
    slab[to++] = 0;
    to = writeLongLong(slab, to, message.bodyBytes);
    message.bytes.copy(slab, to, message.propertiesAt, message.bodyAt);
    slab[to + properties] = FRAME_END;
    const largest = this.maxFrameBytes - FRAME_OVERHEAD;
    for (let from = message.bodyAt; from < message.end; from += largest) {
      const octets = Math.min(largest, message.end - from);
      const start = this.#frameHead(
        this.#reserve(octets + FRAME_OVERHEAD),
        FRAME_BODY,
        channel,
        octets,
      );
      message.bytes.copy(this.#slab, start, from, from + octets);
      this.#slab[start + octets] = FRAME_END;
    }
  }
}

function writeLong(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

function writeLongLong(bytes: Buffer, at: number, value: number): number {
  const high = Math.floor(value / 0x1_0000_0000);
  return writeLong(bytes, writeLong(bytes, at, high), value >>> 0);
}
