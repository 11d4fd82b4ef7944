import type { Delivery, DeliveryProperties } from "../amqp/delivery.ts";
import { isRetryQueueOf } from "./queue_names.ts";

/** Header: the exchange that a message had been published to before its first move. */
const EXCHANGE = "x-worktool-exchange";
/** Header: and the routing key. */
export const ROUTING_KEY = "x-worktool-routing-key";
/** Header: the `expiration` of a message whose copy cannot have it where it is, in milliseconds. */
export const EXPIRATION = "x-worktool-expiration";
/** Header: the `userId` of a message whose copy was published by somebody else. */
const USER_ID = "x-worktool-user-id";
/** Header: the `CC` of a message, under a name by which no broker routes. */
const CC = "x-worktool-cc";

/** Headers to set; those that are undefined are taken away. */
export type HeaderChanges = Readonly<Record<string, unknown>>;

interface Move {
  /** The queue that the copy goes to. */
  readonly to: string;
  /** The work queue that the message was consumed from. */
  readonly from: string;
  /** Who publishes the copy. */
  readonly username: string;
}

/**
 * The properties and headers of a message's copy in another queue: all of the original's, but those
 * that would have an effect there that they must not have.
 *
 * - `expiration` becomes a header (the copy would expire in the retry or dead-letter queue), unless
 *   the message stays in its own queue.
 * - `userId` becomes a header unless it is the publisher's: RabbitMQ refuses it with 406.
 * - `CC` is renamed: the broker would route the copy to those queues too.
 * - `x-delivery-count` is dropped; the attempts header takes its place.
 * - what `x-death` says of our retry queues is dropped, because it would only grow; and that the
 *   message expired in `from`, because the broker would take its way back from a retry queue for an
 *   endless cycle and drop the message (https://www.rabbitmq.com/docs/dlx#routing); and what no
 *   broker wrote there: RabbitMQ's queues crash of it as they dead-letter.
 */
export function republishedProperties(
  { properties, exchange, routingKey }: Delivery,
  { to, from, username }: Move,
  changes: HeaderChanges,
): DeliveryProperties {
  const { expiration, userId } = properties;
  const headers: Record<string, unknown> = { ...properties.headers };
  delete headers["x-delivery-count"];
  delete headers["x-acquired-count"];
  forgetDeaths(headers, from);
  if (!(EXCHANGE in headers)) {
    headers[EXCHANGE] = exchange;
    headers[ROUTING_KEY] = routingKey;
  }
  if (headers.CC !== undefined) {
    headers[CC] = headers.CC;
    delete headers.CC;
  }
  const keepsExpiration = to === from;
  if (expiration !== undefined && !keepsExpiration) headers[EXPIRATION] = expiration;
  const keepsUserId = userId === username;
  if (userId !== undefined && !keepsUserId) headers[USER_ID] = userId;
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete headers[name];
    else headers[name] = value;
  }
  return {
    ...properties,
    headers,
    expiration: keepsExpiration ? expiration : undefined,
    userId: keepsUserId ? userId : undefined,
  };
}

/** What the broker's `x-death` tells, but of our retry queues, and of expiring in `from`. */
export function deathsElsewhere(
  headers: Readonly<Record<string, unknown>>,
  from: string,
): readonly unknown[] {
  const deaths = Array.isArray(headers["x-death"]) ? headers["x-death"] : [];
  return deaths.filter((death) => !isForgotten(death, from));
}

function forgetDeaths(headers: Record<string, unknown>, from: string): void {
  const kept = deathsElsewhere(headers, from);
  if (kept.length > 0) headers["x-death"] = kept;
  else delete headers["x-death"];
  for (const which of ["first", "last"]) {
    const queue = headers[`x-${which}-death-queue`];
    const ours = typeof queue === "string" && isRetryQueueOf(from, queue);
    if (kept.length > 0 && !ours) continue;
    for (const fact of ["queue", "reason", "exchange"]) delete headers[`x-${which}-death-${fact}`];
  }
}

function isForgotten(death: unknown, from: string): boolean {
  const { queue, reason } = (death ?? {}) as { queue?: unknown; reason?: unknown };
  if (typeof queue !== "string" || typeof reason !== "string") return true;
  return isRetryQueueOf(from, queue) || (queue === from && reason !== "rejected");
}
