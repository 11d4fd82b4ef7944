import { Buffer } from "node:buffer";
import type { Channel } from "../channel/channel.ts";
import type { ContentAssembly } from "../channel/content_assembly.ts";
import { FRAME_METHOD } from "../wire/frame_parser.ts";
import { decodeMethod, methodNumber } from "../wire/method_codec.ts";
import { methodExpected, UnanswerableError } from "../wire/protocol_error.ts";
import { acknowledge } from "./basic.ts";
import { dispatch } from "./dispatch.ts";
import { beginPublish, finishPublish } from "./publish.ts";

/** The methods that have a fast path. */
const BASIC_PUBLISH = methodNumber("basic.publish");
const BASIC_ACK = methodNumber("basic.ack");

/** The frames of an open channel: methods, and the content that follows a publish. */
export class ChannelInput {
  readonly channel: Channel;
  #assembly: ContentAssembly | undefined;
  /** Octets that the assembly holds, as far as the channel knows. */
  #heldBytes = 0;
  #lastPublish: { bytes: Buffer; assembly: ContentAssembly } | undefined;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  /** Whether the content of a publish is awaited. */
  get assembling(): boolean {
    return this.#assembly !== undefined;
  }

  /** @throws {ConnectionError} 501 to 505 for frames out of place. */
  frame(type: number, bytes: Buffer, start: number, end: number): void {
    if (this.#assembly !== undefined) {
      const assembly = this.#assembly;
      const publish = assembly.frame(type, bytes, start, end);
      const { heldBytes } = assembly;
      if (heldBytes !== this.#heldBytes) this.#hold(heldBytes);
      if (publish !== undefined) {
        this.#assembly = undefined;
        finishPublish(this.channel, publish);
      }
      return;
    }
    if (type !== FRAME_METHOD) throw methodExpected();
    if (end - start > 4) {
      const number = bytes.readUInt32BE(start);
      if (number === BASIC_PUBLISH) return this.#publish(bytes, start, end);
      if (number === BASIC_ACK && end - start === 13) return this.#ack(bytes, start + 4);
    }
    const method = decodeMethod(bytes, start, end);
    if (method === undefined) throw new UnanswerableError("unknown method");
    dispatch(this.channel, method);
  }

  #hold(heldBytes: number): void {
    const { channel } = this;
    channel.hold(heldBytes - this.#heldBytes);
    this.#heldBytes = heldBytes;
    // There is room to end what was begun, but not without end.
    if (heldBytes > 0 && channel.host.broker.memory.full) channel.host.notePublish();
  }

  #publish(bytes: Buffer, start: number, end: number): void {
    const { channel } = this;
    channel.host.notePublish();
    // Most publishes of a channel repeat the last one's method frame: spare the decoding.
    const last = this.#lastPublish;
    if (
      last !== undefined && last.bytes.length === end - start &&
      channel.vhost.hasExchange(last.assembly.exchange) &&
      last.bytes.compare(bytes, start, end) === 0
    ) {
      this.#assembly = last.assembly.again();
      return;
    }
    const method = decodeMethod(bytes, start, end);
    if (method?.name !== "basic.publish") throw new UnanswerableError("unknown method");
    const assembly = beginPublish(channel, method.args);
    this.#assembly = assembly;
    this.#lastPublish = { bytes: Buffer.from(bytes.subarray(start, end)), assembly };
  }

  #ack(bytes: Buffer, at: number): void {
    const deliveryTag = bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
    acknowledge(this.channel, deliveryTag, { multiple: (bytes[at + 8]! & 1) === 1 });
  }
}
