import type { Channel } from "../channel/channel.ts";
import { Consumer } from "../channel/consumer.ts";
import type { SettledBy } from "../channel/settled_by.ts";
import { REPLY_TO } from "../model/direct_replies.ts";
import type { Queue } from "../model/queue.ts";
import { integer } from "../model/queue_arguments.ts";
import type { Release } from "../release.ts";
import { FIELD_TYPE_NAMES, type FieldTable, integerOf } from "../wire/field_table.ts";
import type { Arguments } from "../wire/method_codec.ts";
import { ChannelError, ConnectionError, unimplemented } from "../wire/protocol_error.ts";
import { cancelReplies, consumeReplies } from "./direct_reply.ts";
import { queueName } from "./queue.ts";
import { settle } from "./settle.ts";

/** basic.qos. @throws {ConnectionError} 540 for a prefetch size. */
export function qos(channel: Channel, args: Arguments<"basic.qos">): void {
  if (args.prefetchSize !== 0) {
    throw new ConnectionError("NOT_IMPLEMENTED", `prefetch_size!=0 (${args.prefetchSize})`);
  }
  channel.send("basic.qos-ok", {}); // before what it lets through
  const shared = args.global && channel.host.broker.permits("global_qos");
  if (!shared) channel.consumerPrefetch = args.prefetchCount;
  // RabbitMQ: a count for consumers to come lifts the one that all share.
  channel.sharedPrefetch = shared ? args.prefetchCount : 0;
}

/**
 * basic.consume.
 * @throws {ChannelError} 403 exclusive use or no permission, 404 no queue, 405 exclusive elsewhere,
 *   406 bad arguments, or memory is full.
 * @throws {ConnectionError} 530 for a consumer tag in use, 540 for global qos on a quorum queue.
 */
export function consume(channel: Channel, args: Arguments<"basic.consume">): void {
  const tag = args.consumerTag === "" ? channel.newConsumerTag() : args.consumerTag;
  if (channel.consumers.has(tag)) {
    // Rule (basic.consume, "consumer-tag"): a tag in use is not allowed.
    throw new ConnectionError("NOT_ALLOWED", `attempt to reuse consumer tag '${tag}'`);
  }
  const name = queueName(channel, args.queue);
  if (name === REPLY_TO) return consumeReplies(channel, tag, args);
  channel.host.require("read", "queue", name);
  const queue = channel.vhost.queue(name, channel.host);
  if (queue.policy.quorum && channel.sharedPrefetch !== 0) {
    throw new ConnectionError("NOT_IMPLEMENTED", `${queue.title} does not support global qos`);
  }
  const consumer = new Consumer(channel, queue, {
    tag,
    timeoutMs: readTimeout(queue, args.arguments, channel.host.broker.release),
    noAck: args.noAck,
    exclusive: args.exclusive,
    priority: readPriority(queue.title, args.arguments),
    prefetchCount: channel.consumerPrefetch,
  });
  channel.host.broker.memory.requireRoom();
  queue.subscribe(consumer);
  channel.addConsumer(consumer);
  if (!args.noWait) channel.send("basic.consume-ok", { consumerTag: tag });
  queue.resume();
}

/** x-consumer-timeout, where the release knows it: an argument for consumers of quorum queues. */
function readTimeout(queue: Queue, table: FieldTable, release: Release): number | undefined {
  const field = table.get("x-consumer-timeout");
  if (field === undefined || release.overdueDelivery !== "ends consumer") return undefined;
  if (!queue.policy.quorum) {
    throw new ChannelError(
      "PRECONDITION_FAILED",
      `invalid arg 'x-consumer-timeout' for ${queue.title} of queue type rabbit_classic_queue`,
    );
  }
  const problem = integer(field, 0);
  if (problem === undefined) return integerOf(field);
  throw new ChannelError(
    "PRECONDITION_FAILED",
    `invalid arg 'x-consumer-timeout' for ${queue.title}: ${problem}`,
  );
}

function readPriority(title: string, table: FieldTable): number {
  const failover = table.get("x-cancel-on-ha-failover");
  if (failover !== undefined && failover.type !== "t") {
    throw new ChannelError(
      "PRECONDITION_FAILED",
      `invalid arg 'x-cancel-on-ha-failover' for ${title}: ` +
        `{unacceptable_type,${FIELD_TYPE_NAMES[failover.type]}}`,
    );
  }
  const field = table.get("x-priority");
  if (field === undefined) return 0;
  const priority = integerOf(field);
  if (priority !== undefined) return priority;
  throw new ChannelError(
    "PRECONDITION_FAILED",
    `invalid arg 'x-priority' for ${title}: "expected integer, got ${
      FIELD_TYPE_NAMES[field.type]
    }"`,
  );
}

/** basic.cancel; an unknown tag is no error. */
export function cancel(channel: Channel, args: Arguments<"basic.cancel">): void {
  const { consumerTag } = args;
  const consumer = channel.consumers.get(consumerTag);
  // First the answer, then what others get instead.
  if (!args.noWait) channel.send("basic.cancel-ok", { consumerTag });
  if (consumer === undefined) return cancelReplies(channel, consumerTag);
  channel.removeConsumer(consumer);
  consumer.queue.unsubscribe(consumer);
}

/** basic.cancel-ok: an answer to the broker's basic.cancel ends the consumer. @throws 503 */
export function cancelOk(channel: Channel, { consumerTag }: Arguments<"basic.cancel-ok">): void {
  if (!channel.host.broker.release.takesCancelOk) throw unimplemented();
  cancel(channel, { consumerTag, noWait: true });
}

/**
 * basic.get.
 * @throws {ChannelError} 403 without read permission, 404 no queue, 405 exclusive elsewhere, or a
 *   quorum queue with a single active consumer.
 */
export function get(channel: Channel, args: Arguments<"basic.get">): void {
  const taken = takeOne(channel, args);
  if (taken === undefined) return channel.send("basic.get-empty", {});
  const { queue, deliveryTag, redelivered, message } = taken;
  channel.send("basic.get-ok", {
    deliveryTag,
    redelivered,
    exchange: message.exchange,
    routingKey: message.routingKey,
    messageCount: queue.readyCount,
  });
  channel.host.writer.content(channel.number, message);
}

/** Takes the next message of a queue, if there is one. @throws {ChannelError} as basic.get */
export function takeOne(
  channel: Channel,
  args: { readonly queue: string; readonly noAck: boolean },
) {
  const name = queueName(channel, args.queue);
  channel.host.require("read", "queue", name);
  const queue = channel.vhost.queue(name, channel.host);
  const { release } = channel.host.broker;
  if (queue.policy.quorum && queue.policy.singleActiveConsumer) {
    // RabbitMQ 4.3 prints the type as Erlang does.
    const type = release.name === "4.3" ? '<<"quorum">>' : "quorum";
    throw new ChannelError(
      "RESOURCE_LOCKED",
      `cannot obtain access to locked ${queue.title}. basic.get operations are not supported by ` +
        `${type} queues with single active consumer`,
    );
  }
  const entry = queue.get(channel, args);
  if (entry === undefined) {
    channel.counts.getEmpty++;
    return undefined;
  }
  const deliveryTag = channel.got(entry, args);
  const { redelivered } = entry;
  return { queue, deliveryTag, redelivered, message: entry.deliveredMessage("get", release) };
}

/** basic.ack. @throws {ChannelError} 406 for an unknown delivery tag. */
export function acknowledge(
  channel: Channel,
  deliveryTag: number,
  { multiple }: { multiple: boolean },
): void {
  const { transaction } = channel;
  if (!multiple && transaction === undefined) {
    const entry = channel.unacked.takeOne(deliveryTag);
    const { subscriber } = entry;
    channel.counts.ack++;
    subscriber?.settled(entry);
    entry.queue.ack(entry);
    return subscriber?.resume();
  }
  settleTag(channel, deliveryTag, multiple, "ack");
}

/** basic.nack. @throws {ChannelError} 406 for an unknown delivery tag. */
export function nack(channel: Channel, args: Arguments<"basic.nack">): void {
  settleTag(channel, args.deliveryTag, args.multiple, args.requeue ? "requeue" : "discard");
}

/** basic.reject. @throws {ChannelError} 406 for an unknown delivery tag. */
export function reject(channel: Channel, args: Arguments<"basic.reject">): void {
  settleTag(channel, args.deliveryTag, false, args.requeue ? "reject and requeue" : "reject");
}

function settleTag(channel: Channel, tag: number, multiple: boolean, how: SettledBy): void {
  const entries = channel.unacked.take(tag, { multiple });
  if (channel.transaction !== undefined) channel.transaction.addAcknowledgement(entries, how);
  else settle(channel, entries, how);
}

/** basic.recover. @throws {ConnectionError} 540 without requeue. */
export function recover(channel: Channel, args: Arguments<"basic.recover">): void {
  requireRequeue(args.requeue);
  channel.send("basic.recover-ok", {}); // before what is delivered again
  recoverAsync(channel, args);
}

/** basic.recover-async. @throws {ConnectionError} 540 without requeue. */
export function recoverAsync(channel: Channel, args: Arguments<"basic.recover-async">): void {
  requireRequeue(args.requeue);
  settle(channel, channel.unacked.takeAll(), "requeue");
}

function requireRequeue(requeue: boolean): void {
  if (!requeue) throw new ConnectionError("NOT_IMPLEMENTED", "requeue=false");
}
