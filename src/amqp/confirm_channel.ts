import { Buffer } from "node:buffer";
import type { Message, Options } from "amqplib";
import type { Channel } from "./channel.ts";
import { ConfirmWindow } from "./confirm_window.ts";
import type { AmqpError, BrokerReply } from "./errors.ts";

/** What the broker says of the publishes on a channel; they come oldest first. */
export interface ConfirmListener<T> {
  /** `basic.ack`: the broker has taken responsibility for these. */
  readonly onAck: (publishes: readonly T[]) => void;
  /** `basic.nack`: it has not taken these. */
  readonly onNack: (publishes: readonly T[]) => void;
  /** `basic.return`: no queue took this message, for example 312 NO_ROUTE; its confirm follows. */
  readonly onReturn: (message: Message, reply: BrokerReply) => void;
  /** The channel has ended: with the reason, or undefined after `close`. No confirm follows. */
  readonly onEnded: (reason: AmqpError | undefined) => void;
}

/** A channel that somebody publishes on alone, and what the broker has not confirmed of it yet. */
export class ConfirmChannel<T> {
  readonly window = new ConfirmWindow<T>();
  readonly #channel: Channel;

  /** @param channel opened with `confirm`, or nothing of it is ever confirmed */
  constructor(channel: Channel, listener: ConfirmListener<T>) {
    const { onAck, onNack, onReturn, onEnded } = listener;
    this.#channel = channel;
    channel.raw.on("ack", (ack) => onAck(this.window.settle(ack.deliveryTag, ack)));
    channel.raw.on("nack", (nack) => onNack(this.window.settle(nack.deliveryTag, nack)));
    channel.raw.on("return", (message) => {
      const { replyCode, replyText } = message.fields as unknown as BrokerReply;
      onReturn(message, { replyCode, replyText });
    });
    channel.ended.then(onEnded);
  }

  /**
   * `basic.publish` to the default exchange.
   *
   * @param publish what the listener gets with the confirm; undefined where there will be none
   * @returns whether the socket has room for more: "drain" of the channel tells when it has again
   * @throws {IllegalOperationError} the channel has ended; it was not published
   * @throws {Error} amqplib cannot encode it; it was not published
   */
  publish(
    queue: string,
    body: Uint8Array,
    options: Options.Publish,
    publish: T | undefined,
  ): boolean {
    const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const hasRoom = this.#channel.raw.publish("", queue, content, options);
    if (publish !== undefined) this.window.add(publish);
    return hasRoom;
  }

  /** Takes out what will not be confirmed any more. */
  takeAll(): T[] {
    return this.window.settle(0, { multiple: true });
  }
}
