import * as methods from "../methods/queue.ts";
import type { Queue } from "../model/queue.ts";
import { acting } from "./acting_client.ts";
import type { HttpAnswer } from "./http_answer.ts";
import {
  type Change,
  CREATED,
  NO_CONTENT,
  NOT_FOUND,
  type Query,
  requiredVHost,
  vhostOf,
} from "./route.ts";

/** The queue that the path names; undefined where there is none. */
export function queueOf(query: Query): Queue | undefined {
  const name = query.names[1]!;
  const vhost = vhostOf(query);
  return vhost?.hasQueue(name) ? vhost.queueForAll(name) : undefined;
}

/**
 * Declares the queue that the path names. @returns 201 where it is new, else 204
 *
 * @throws {ApiError} 400, {ChannelError | ConnectionError} as `queue.declare`
 */
export function declareQueue(change: Change): HttpAnswer {
  const { body, names } = change;
  const vhost = requiredVHost(change);
  const queue = names[1]!;
  const isNew = !vhost.hasQueue(queue);
  const declaration = {
    queue,
    passive: false,
    durable: body.boolean("durable"),
    exclusive: false,
    autoDelete: body.boolean("auto_delete"),
    noWait: true,
    arguments: body.table(),
  };
  acting(change, vhost, (channel) => methods.declare(channel, declaration));
  return isNew ? CREATED : NO_CONTENT;
}

/**
 * Deletes it, with `if-unused=true` and `if-empty=true` only then. @returns 204; 404 where there is
 * none
 *
 * @throws {ChannelError | ConnectionError} as `queue.delete`
 */
export function deleteQueue(query: Query): HttpAnswer {
  const queue = queueOf(query);
  if (queue === undefined) return NOT_FOUND;
  const { parameters } = query;
  const condition = {
    ifUnused: parameters.get("if-unused") === "true",
    ifEmpty: parameters.get("if-empty") === "true",
  };
  acting(query, vhostOf(query)!, (channel) => {
    methods.remove(channel, { queue: queue.name, ...condition, noWait: true });
  });
  return NO_CONTENT;
}

/**
 * Empties it. @returns 204; 404 where there is none
 *
 * @throws {ChannelError | ConnectionError} as `queue.purge`
 */
export function purgeQueue(query: Query): HttpAnswer {
  const queue = queueOf(query);
  if (queue === undefined) return NOT_FOUND;
  acting(query, vhostOf(query)!, (channel) => {
    methods.purge(channel, { queue: queue.name, noWait: true });
  });
  return NO_CONTENT;
}
