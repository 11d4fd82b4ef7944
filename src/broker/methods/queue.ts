import type { Channel } from "../channel/channel.ts";
import { REPLY_TO } from "../model/direct_replies.ts";
import type { Binding, Destination } from "../model/exchange.ts";
import type { Queue } from "../model/queue.ts";
import type { FieldTable } from "../wire/field_table.ts";
import type { Arguments } from "../wire/method_codec.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import { isQuorum } from "../model/queue_arguments.ts";
import { declareReplies, refuseReplyQueue } from "./direct_reply.ts";

/** Names lose line breaks, as RabbitMQ strips them on declaration. */
export function withoutLineBreaks(name: string): string {
  return name.replaceAll(/[\r\n]/g, "");
}

/**
 * The queue a name means; an empty one means the last queue declared on the channel.
 * @throws {ChannelError} 404 when none was declared.
 */
export function queueName(channel: Channel, name: string): string {
  if (name !== "") return name;
  if (channel.lastQueueName !== undefined) return channel.lastQueueName;
  throw new ChannelError("NOT_FOUND", "no previously declared queue");
}

/**
 * queue.declare. @throws {ChannelError} 403, 404 (passive), 405 or 406, see `VHost.declareQueue`.
 */
export function declare(channel: Channel, args: Arguments<"queue.declare">): void {
  const name = withoutLineBreaks(args.queue);
  const queue = name.startsWith(REPLY_TO)
    ? declareReplies(channel, name)
    : args.passive
    ? passive(channel, name)
    : active(channel, { ...args, queue: name });
  channel.lastQueueName = queue.queue;
  if (!args.noWait) channel.send("queue.declare-ok", queue);
}

function passive(channel: Channel, name: string): Arguments<"queue.declare-ok"> {
  const { host } = channel;
  if (host.broker.release.passiveNeedsPermission) host.requireAny("queue", name);
  const queue = channel.vhost.queue(name, channel.host);
  queue.used();
  queue.expire();
  const { subscribers: { count }, readyCount } = queue;
  return { queue: queue.name, messageCount: readyCount, consumerCount: count };
}

function active(channel: Channel, args: Arguments<"queue.declare">) {
  const { host, vhost } = channel;
  const asked = args.queue;
  const name = asked === "" ? `amq.gen-${host.broker.newName()}` : asked;
  const { release } = host.broker;
  const given = args.arguments.get("x-queue-type")?.value ?? "classic";
  const isDefault = release.defaultQueueTypes.some((name) => name === given);
  const type = isDefault ? "classic" : given;
  if (asked === "" && (type === "quorum" || type === "stream")) {
    const problem = `Cannot declare a server-named queue for type rabbit_${type}_queue`;
    throw new ChannelError("PRECONDITION_FAILED", problem);
  }
  if (asked === "" && type !== "classic") {
    if (release.unknownTypeOfUnnamedQueue === "unknown queue type") {
      throw new ChannelError("PRECONDITION_FAILED", `unknown queue type '${type}'`);
    }
    // RabbitMQ failed on it, and said only this.
    throw new ConnectionError("INTERNAL_ERROR", "");
  }
  if (asked.startsWith("amq.")) {
    // Rule (queue.declare, "reserved"): names that start with amq. are the broker's.
    throw new ChannelError(
      "ACCESS_REFUSED",
      `queue name '${asked}' contains reserved prefix 'amq.*'`,
    );
  }
  host.require("configure", "queue", name);
  const deadLetters = args.arguments.get("x-dead-letter-exchange");
  if (deadLetters?.type === "S") {
    host.require("read", "queue", name);
    host.require("write", "exchange", deadLetters.value);
  }
  const { exclusive, autoDelete } = args;
  // An exclusive queue goes with its connection: a classic one counts as not durable.
  const durable = args.durable && !(exclusive && type !== "quorum");
  if (!vhost.hasQueue(name)) requirePermitted(channel, { ...args, durable });
  const queue = vhost.declareQueue(
    { name, durable, exclusive, autoDelete, arguments: args.arguments },
    host,
  );
  if (queue.exclusive) host.owns(queue);
  queue.expire();
  const { subscribers: { count }, readyCount } = queue;
  return { queue: name, messageCount: readyCount, consumerCount: count };
}

/** @throws {ConnectionError} 541 for a deprecated feature that is not permitted. */
function requirePermitted({ host }: Channel, args: Arguments<"queue.declare">): void {
  const { broker } = host;
  if (!args.durable && !args.exclusive) broker.requirePermitted("transient_nonexcl_queues");
  const isClassic = !isQuorum(args.arguments);
  if (isClassic && args.arguments.has("x-queue-master-locator")) {
    broker.requirePermitted("queue_master_locator");
  }
}

/**
 * queue.bind.
 * @throws {ChannelError} 403 default exchange, reply-to address or no permission, 404 missing, 405
 *   exclusive elsewhere, 406 see `VHost.bind`.
 */
export function bind(channel: Channel, args: Arguments<"queue.bind">): void {
  const name = queueName(channel, args.queue);
  refuseReplyQueue(channel, name);
  requireBindable(channel, "queue", name, args.exchange);
  channel.vhost.exchange(args.exchange); // looked for first
  const queue = channel.vhost.queue(name, channel.host);
  // Rule (queue.bind, "routing-key"): both empty means the queue's own name.
  const routingKey = args.queue === "" && args.routingKey === "" ? name : args.routingKey;
  channel.vhost.bind(binding(channel, args.exchange, queue, routingKey, args.arguments));
  if (!args.noWait) channel.send("queue.bind-ok", {});
}

/**
 * queue.unbind; what is not there is no error.
 * @throws {ChannelError} 403 default exchange, reply-to address or no permission, 404 no name and
 *   none declared before, 405 exclusive elsewhere.
 */
export function unbind(channel: Channel, args: Arguments<"queue.unbind">): void {
  const { vhost } = channel;
  const name = queueName(channel, args.queue);
  refuseReplyQueue(channel, name);
  requireBindable(channel, "queue", name, args.exchange);
  if (vhost.hasQueue(name) && vhost.hasExchangeNamed(args.exchange)) {
    const queue = vhost.queueForAll(name);
    const routingKey = args.queue === "" && args.routingKey === "" ? name : args.routingKey;
    const found = binding(channel, args.exchange, queue, routingKey, args.arguments);
    vhost.unbind(found, channel.host);
  }
  channel.send("queue.unbind-ok", {});
}

/**
 * Checks that a binding may be changed.
 * @throws {ChannelError} 403 default exchange or no permission.
 */
export function requireBindable(
  channel: Channel,
  kind: "queue" | "exchange",
  destination: string,
  source: string,
): void {
  if (source === "" || (kind === "exchange" && destination === "")) throw defaultExchange();
  channel.host.require("write", kind, destination);
  channel.host.require("read", "exchange", source);
}

/** Rule: the default exchange can be neither declared, bound nor deleted. */
export function defaultExchange(): ChannelError {
  return new ChannelError("ACCESS_REFUSED", "operation not permitted on the default exchange");
}

/** A binding as the model wants it. @throws {ChannelError} 404 when the source is missing. */
export function binding(
  channel: Channel,
  source: string,
  destination: Destination,
  routingKey: string,
  table: FieldTable,
): Binding {
  return { source: channel.vhost.exchange(source), destination, routingKey, arguments: table };
}

/**
 * queue.purge.
 * @throws {ChannelError} 403 without read permission, 404 missing, 405 exclusive elsewhere.
 */
export function purge(channel: Channel, args: Arguments<"queue.purge">): void {
  const name = queueName(channel, args.queue);
  channel.host.require("read", "queue", name);
  const queue = channel.vhost.queue(name, channel.host);
  const messageCount = queue.purge();
  if (!args.noWait) channel.send("queue.purge-ok", { messageCount });
}

/**
 * queue.delete; a missing one is no error.
 * @throws {ChannelError} 403 without configure permission, 404 no name and none declared before,
 *   405 exclusive elsewhere, 406 in use or not empty.
 * @throws {ConnectionError} 540 if-unused or if-empty of a quorum queue.
 */
export function remove(channel: Channel, args: Arguments<"queue.delete">): void {
  const { vhost } = channel;
  const name = queueName(channel, args.queue);
  channel.host.require("configure", "queue", name);
  let messageCount = 0;
  let deleted: Queue | undefined;
  if (vhost.hasQueue(name)) {
    const queue = vhost.queue(name, channel.host);
    if (queue.policy.quorum && (args.ifUnused || args.ifEmpty)) {
      throw new ConnectionError(
        "NOT_IMPLEMENTED",
        `cannot delete ${queue.title}. queue.delete operations with ` +
          `${args.ifUnused ? "if-unused" : "if-empty"} flag set are not supported by quorum queues`,
      );
    }
    if (args.ifUnused && queue.subscribers.count > 0) {
      // Rule (queue.delete, "in-use").
      throw new ChannelError("PRECONDITION_FAILED", `${queue.title} in use`);
    }
    if (args.ifEmpty && queue.readyCount > 0) {
      // Rule (queue.delete, "not-empty").
      throw new ChannelError("PRECONDITION_FAILED", `${queue.title} not empty`);
    }
    messageCount = queue.readyCount;
    deleted = queue;
  }
  // The answer comes before what its own consumers are told.
  if (!args.noWait) channel.send("queue.delete-ok", { messageCount });
  if (deleted !== undefined) vhost.deleteQueue(deleted);
}
