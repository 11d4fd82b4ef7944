import type { Message } from "amqplib";
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

/**
 * A channel that somebody publishes on alone, and what the broker has not confirmed of it yet. For
 * speed, its owner calls `raw.publish` itself, and `window.add` after each that did not throw.
 */
export class ConfirmChannel<T> {
  /** Publishes in flight. */
  readonly window = new ConfirmWindow<T>();
  /** amqplib's own channel. */
  readonly raw: Channel["raw"];

  /** @param channel opened with `confirm`, or nothing of it is ever confirmed */
  constructor(channel: Channel, listener: ConfirmListener<T>) {
    const { onAck, onNack, onReturn, onEnded } = listener;
    this.raw = channel.raw;
    this.raw.on("ack", (ack) => onAck(this.window.settle(ack.deliveryTag, ack)));
    this.raw.on("nack", (nack) => onNack(this.window.settle(nack.deliveryTag, nack)));
    this.raw.on("return", (message) => {
      const { replyCode, replyText } = message.fields as unknown as BrokerReply;
      onReturn(message, { replyCode, replyText });
    });
    channel.ended.then(onEnded);
  }

  /** Takes out what will not be confirmed any more. */
  takeAll(): T[] {
    return this.window.settle(0, { multiple: true });
  }
}
