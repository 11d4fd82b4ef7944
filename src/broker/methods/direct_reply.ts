import type { Channel } from "../channel/channel.ts";
import type { Publish } from "../channel/content_assembly.ts";
import { DirectReplyTo } from "../channel/direct_reply_to.ts";
import { REPLY_TO, REPLY_TO_PREFIX } from "../model/direct_replies.ts";
import type { Arguments } from "../wire/method_codec.ts";
import { ChannelError } from "../wire/protocol_error.ts";

/** basic.consume from the pseudo-queue makes the channel able to take replies. @throws 406 */
export function consumeReplies(
  channel: Channel,
  tag: string,
  args: Arguments<"basic.consume">,
): void {
  if (!args.noAck) {
    throw new ChannelError("PRECONDITION_FAILED", "reply consumer cannot acknowledge");
  }
  if (channel.directReplyTo !== undefined) {
    throw new ChannelError("PRECONDITION_FAILED", "reply consumer already set");
  }
  channel.directReplyTo = new DirectReplyTo(channel, tag);
  if (!args.noWait) channel.send("basic.consume-ok", { consumerTag: tag });
}

/** basic.cancel of the consumer of replies, if it is that one. */
export function cancelReplies(channel: Channel, tag: string): void {
  if (channel.directReplyTo?.tag !== tag) return;
  channel.directReplyTo.end();
  channel.directReplyTo = undefined;
}

/** A reply-to of direct reply-to names the channel's own consumer from here on. @throws 406 */
export function withReplyKey(channel: Channel, publish: Publish): Publish {
  if (publish.properties.replyTo !== REPLY_TO) return publish;
  if (channel.directReplyTo === undefined) {
    throw new ChannelError("PRECONDITION_FAILED", "fast reply consumer does not exist");
  }
  const { message } = publish;
  const replyTo = channel.directReplyTo.address;
  return { ...publish, message: message.withProperties({ ...message.properties(), replyTo }) };
}

/**
 * Declaring a reply-to address, passively or not, asks whether its consumer is alive. @throws 404
 */
export function declareReplies(channel: Channel, name: string): Arguments<"queue.declare-ok"> {
  if (name !== REPLY_TO && !channel.host.broker.directReplies.has(name)) {
    throw new ChannelError("NOT_FOUND", `no queue '${name}' in vhost '${channel.vhost.name}'`);
  }
  return { queue: name, messageCount: 0, consumerCount: 1 };
}

/** @throws {ChannelError} 403 where direct replies go to queues: nobody binds those. */
export function refuseReplyQueue(channel: Channel, name: string): void {
  const { release } = channel.host.broker;
  if (release.directReplies !== "volatile queue" || !name.startsWith(REPLY_TO_PREFIX)) return;
  throw new ChannelError(
    "ACCESS_REFUSED",
    "cannot bind or unbind to a volatile (direct reply-to) queue",
  );
}
