import type { Buffer } from "node:buffer";
import { REPLY_TO_PREFIX, type ReplyReceiver } from "../model/direct_replies.ts";
import type { Message } from "../model/message.ts";
import type { ChannelHost } from "./channel_host.ts";
import { encodeTag } from "./consumer.ts";
import type { UnackedLedger } from "./unacked_ledger.ts";

/** The channel that replies go to, as far as they need it. */
export interface ReplyChannel {
  readonly number: number;
  readonly host: ChannelHost;
  readonly unacked: UnackedLedger;
}

/** The consumer of direct reply-to on a channel, from basic.consume until `end`. */
export class DirectReplyTo implements ReplyReceiver {
  readonly tag: string;
  /** The routing key that leads here. */
  readonly address: string;
  readonly #channel: ReplyChannel;
  readonly #encodedTag: Buffer;

  constructor(channel: ReplyChannel, tag: string) {
    const { broker } = channel.host;
    this.tag = tag;
    this.address = `${REPLY_TO_PREFIX}${broker.newName()}.${broker.newName()}==`;
    this.#channel = channel;
    this.#encodedTag = encodeTag(tag);
    broker.directReplies.begin(this.address, this);
  }

  deliver(message: Message): void {
    const { number, host, unacked } = this.#channel;
    // Of a pseudo-queue it uses up no delivery tag.
    const isQueue = host.broker.release.directReplies === "volatile queue";
    const deliveryTag = isQueue ? unacked.nextTag() : unacked.comingTag;
    host.writer.deliver(number, this.#encodedTag, deliveryTag, false, message);
    host.wantFlush();
  }

  /** No more replies. */
  end(): void {
    this.#channel.host.broker.directReplies.end(this.address);
  }
}
