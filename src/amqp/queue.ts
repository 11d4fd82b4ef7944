import type { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { channelReplyCode } from "./errors.ts";
import { NOT_FOUND } from "./reply_code.ts";
import { withChannel } from "./with_channel.ts";

/** A value of an AMQP argument table, as far as queue arguments need it. */
export type ArgumentValue = string | number | boolean;

/** A queue as it should be declared. */
export interface QueueDeclaration {
  readonly name: string;
  readonly durable: boolean;
  /** The broker deletes it when its last consumer goes; not unless given. */
  readonly autoDelete?: boolean;
  /** For example `{"x-queue-type": "quorum"}`. */
  readonly arguments: Readonly<Record<string, ArgumentValue>>;
}

/** `queue.declare-ok`: exact when it was answered, and no later. */
export interface QueueDepth {
  /** Messages ready for delivery; delivered but unacknowledged ones are not counted. */
  readonly ready: number;
  readonly consumers: number;
}

/** @throws {ChannelClosed} 406 when the queue exists with other properties */
export async function declareQueue(channel: Channel, queue: QueueDeclaration): Promise<QueueDepth> {
  const { durable, autoDelete = false, arguments: args } = queue;
  const ok = await channel.request(
    "queue.declare-ok",
    (raw) => raw.assertQueue(queue.name, { durable, autoDelete, arguments: args }),
  );
  return { ready: ok.messageCount, consumers: ok.consumerCount };
}

/** A passive declare: looks, and changes nothing. @throws {ChannelClosed} 404 when it is missing */
export async function queueDepth(channel: Channel, name: string): Promise<QueueDepth> {
  const ok = await channel.request("queue.declare-ok", (raw) => raw.checkQueue(name));
  return { ready: ok.messageCount, consumers: ok.consumerCount };
}

/**
 * Looks on a channel of its own, which a missing queue (404) costs. @throws {ChannelClosed} 403,
 * 405
 */
export async function queueExists(connection: Connection, name: string): Promise<boolean> {
  try {
    await withChannel(connection, (channel) => queueDepth(channel, name));
    return true;
  } catch (error) {
    if (channelReplyCode(error) === NOT_FOUND) return false;
    throw error;
  }
}

/** Deletes a queue with its messages; a missing one is no error. @throws {ChannelClosed} 403 */
export async function deleteQueue(channel: Channel, name: string): Promise<void> {
  await channel.request("queue.delete-ok", (raw) => raw.deleteQueue(name));
}
