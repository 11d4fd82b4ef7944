import type { Buffer } from "node:buffer";
import type { Channel } from "../channel/channel.ts";
import type { ChannelHost } from "../channel/channel_host.ts";
import type { ChannelInput } from "../methods/channel_input.ts";
import { FRAME_METHOD } from "../wire/frame_parser.ts";
import { type Arguments, decodeMethod, methodName } from "../wire/method_codec.ts";
import { ConnectionError, methodExpected, UnanswerableError } from "../wire/protocol_error.ts";
import type { ConnectionParts } from "./connection_parts.ts";

/** Octets that a channel takes without consumers and deliveries, with what its opening leaves. */
const CHANNEL_BYTES = 2_500;

/**
 * The channels of a connection by their numbers: those that are open, and those that are closing.
 */
export class ChannelTable implements Iterable<Channel> {
  readonly #host: ChannelHost;
  readonly #parts: ConnectionParts;
  readonly #max: number;
  readonly #open = new Map<number, ChannelInput>();
  /** Closed by the broker; they wait for close-ok. */
  readonly #closing = new Set<number>();

  /** @param max how many may be open, as connection.tune-ok agreed */
  constructor(host: ChannelHost, parts: ConnectionParts, max: number) {
    this.#host = host;
    this.#parts = parts;
    this.#max = max;
  }

  /** The open ones; they may be closed meanwhile. */
  [Symbol.iterator](): Iterator<Channel> {
    return [...this.#open.values()].map(({ channel }) => channel).values();
  }

  /** An open one. */
  get(number: number): ChannelInput | undefined {
    return this.#open.get(number);
  }

  /**
   * Takes a frame on a channel that is not open: channel.open, or what follows its close.
   * @throws {ConnectionError} for any other.
   */
  frame(type: number, number: number, bytes: Buffer, start: number, end: number): void {
    const isMethod = type === FRAME_METHOD;
    if (this.#closing.has(number)) {
      // Rule (channel.close): after it only its answer, or a crossing close, is looked at.
      const name = isMethod ? methodName(bytes, start, end) : undefined;
      if (name === "channel.close-ok") this.#closing.delete(number);
      else if (name === "channel.close") this.#send(number, "channel.close-ok", {});
      return;
    }
    if (!isMethod) throw methodExpected();
    const method = decodeMethod(bytes, start, end);
    if (method === undefined) throw new UnanswerableError("unknown method");
    if (method.name !== "channel.open") {
      // Rule (section 2.2.3): a channel is opened before it is used.
      throw new ConnectionError("CHANNEL_ERROR", "expected 'channel.open'");
    }
    this.#openChannel(number);
  }

  #openChannel(number: number): void {
    const { size } = this.#open;
    if (size >= this.#max) {
      // Rule (connection.tune, "channel-max").
      throw new ConnectionError(
        "NOT_ALLOWED",
        `number of channels opened (${size}) has reached the negotiated channel_max (${this.#max})`,
        { namesMethod: false },
      );
    }
    const { memory } = this.#host.broker;
    if (memory.crowded) {
      throw new ConnectionError("RESOURCE_ERROR", "refused because memory is short");
    }
    memory.accountConnections(CHANNEL_BYTES);
    this.#open.set(number, this.#parts.openChannel(number, this.#host));
    this.#send(number, "channel.open-ok", {});
  }

  /** The client closes a channel. */
  clientCloses(channel: Channel): void {
    this.#remove(channel);
    this.#send(channel.number, "channel.close-ok", {});
  }

  /** The broker closes a channel, and tells why. */
  close(number: number, why: Arguments<"channel.close">): void {
    const input = this.#open.get(number);
    if (input !== undefined) this.#remove(input.channel);
    this.#closing.add(number);
    this.#send(number, "channel.close", why);
  }

  /** Ends all without a word: the connection goes. */
  release(): void {
    const channels = [...this];
    this.#open.clear();
    this.#host.broker.memory.accountConnections(-CHANNEL_BYTES * channels.length);
    for (const channel of channels) channel.close();
  }

  #remove(channel: Channel): void {
    channel.flushConfirms();
    this.#open.delete(channel.number);
    this.#host.broker.memory.accountConnections(-CHANNEL_BYTES);
    channel.close();
  }

  #send<M extends "channel.open-ok" | "channel.close" | "channel.close-ok">(
    number: number,
    name: M,
    args: Arguments<M>,
  ): void {
    this.#host.writer.method(number, name, args);
    this.#host.wantFlush();
  }
}
