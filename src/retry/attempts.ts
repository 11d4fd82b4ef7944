import type { Delivery } from "../amqp/delivery.ts";

/** Header: how often a task had been tried when it was put where it is. */
export const ATTEMPTS = "x-worktool-attempts";

/**
 * Header: this attempt is made in isolation. A worker that died had several tasks in hand, and
 * nobody knows of which one it died; a task that has its worker for itself does not pay for
 * another's fault.
 */
export const ISOLATED = "x-worktool-alone";

/** More than anybody tries; also keeps a forged header from making nonsense of a sum. */
const MAX_ATTEMPTS = 2 ** 31 - 1;

/**
 * How often this task was tried before this delivery, as far as the message and its broker can
 * tell: the header's count, and what happened since. A quorum queue counts deliveries that came
 * back (`x-delivery-count`; since RabbitMQ 4.3 `x-acquired-count` has all of them, also those that
 * took too long); a classic queue only marks them (`redelivered`), which stands for one.
 */
export function attemptsMade(delivery: Delivery): number {
  return attemptsBefore(delivery) + attemptsSince(delivery);
}

/** Whether a worker seems to have died with this task in hand since it was put where it is. */
export function diedInHand(delivery: Delivery): boolean {
  return attemptsSince(delivery) > 0;
}

/** Whether the next attempt has to be made in isolation. */
export function mustBeIsolated({ properties }: Delivery): boolean {
  return properties.headers?.[ISOLATED] === true;
}

/**
 * Whether the count cannot be kept where the task is: the mark `redelivered` of a classic queue
 * cannot count past one. Such a task is moved to the tail of its own queue with the header set to
 * `attemptsMade` before it is tried again; otherwise one that kills its worker would never end.
 */
export function mustRecount(delivery: Delivery): boolean {
  return delivery.redelivered && returns(delivery) === undefined;
}

function attemptsBefore({ properties }: Delivery): number {
  const count = properties.headers?.[ATTEMPTS];
  return isCount(count) ? count : 0;
}

function attemptsSince(delivery: Delivery): number {
  const count = returns(delivery);
  if (count === undefined) return delivery.redelivered ? 1 : 0;
  return isCount(count) ? count : 0;
}

/** How often the broker says that it came back; undefined where it does not count. */
function returns({ deliveryCount, properties }: Delivery): unknown {
  return properties.headers?.["x-acquired-count"] ?? deliveryCount;
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_ATTEMPTS;
}
