import type { Release } from "../release.ts";
import { NO_PRIORITY } from "../wire/content_header.ts";
import { type FieldTable, integerOf } from "../wire/field_table.ts";
import { isQuorum } from "./queue_arguments.ts";

/** What happens to a publish that finds the queue full (x-overflow). */
export type Overflow = "drop-head" | "reject-publish" | "reject-publish-dlx";

/** The meaning of a queue's x-arguments. Durations in ms. */
export interface QueuePolicy {
  readonly quorum: boolean;
  readonly messageTtlMs: number;
  readonly expiresMs: number;
  readonly maxLength: number;
  readonly maxLengthBytes: number;
  readonly overflow: Overflow;
  readonly deadLetterExchange: string | undefined;
  readonly deadLetterRoutingKey: string | undefined;
  readonly priorities: PriorityScheme;
  /** Where returned messages go: their own place, or behind or before all others. */
  readonly returnPlace: ReturnPlace;
  readonly singleActiveConsumer: boolean;
  /** Counted returns allowed before a quorum queue gives a message up; Infinity for no limit. */
  readonly deliveryLimit: number;
  /** Longest a delivery may stay unacknowledged; undefined leaves it to the broker. */
  readonly consumerTimeoutMs: number | undefined;
  readonly delayedRetry: DelayedRetry | undefined;
}

export type ReturnPlace = "own" | "tail" | "front";

/** Longest a message may wait in a queue, in ms: its own limit or the queue's; else Infinity. */
export function timeToLiveMs(
  { expirationMs }: { readonly expirationMs: number },
  { messageTtlMs }: QueuePolicy,
): number {
  return expirationMs < 0 ? messageTtlMs : Math.min(expirationMs, messageTtlMs);
}

/** How the priorities of messages order a queue. */
export interface PriorityScheme {
  readonly levels: number;
  /** The level of a message with this priority, {@linkcode NO_PRIORITY} for none. */
  readonly levelOf: (priority: number) => number;
  /** Who comes first: the highest level, or twice the upper and once the lower. */
  readonly turns: "highest" | "upper twice";
}

/** Which returned messages wait before they are delivered again, and how long. */
export interface DelayedRetry {
  /** All, those that count as failed, or the others. */
  readonly which: "all" | "failed" | "returned";
  /** Times the deliveries that failed, 1 at least. */
  readonly leastMs: number;
  readonly mostMs: number;
}

/** First come, first served. */
const ONE_LEVEL: PriorityScheme = { levels: 1, levelOf: () => 0, turns: "highest" };

/** https://www.rabbitmq.com/docs/quorum-queues#priorities: above 4 is high. */
const TWO_LANES: PriorityScheme = {
  levels: 2,
  levelOf: (priority) => priority > 4 ? 1 : 0,
  turns: "upper twice",
};

/** https://www.rabbitmq.com/docs/quorum-queues#priorities: 0 to 31, without one as 4. */
const STRICT: PriorityScheme = {
  levels: 32,
  levelOf: (priority) => priority === NO_PRIORITY ? 4 : Math.min(priority, 31),
  turns: "highest",
};

const QUORUM_PRIORITIES = { "none": ONE_LEVEL, "two lanes": TWO_LANES, "32": STRICT };

/** x-max-priority: what is above it counts as the highest. */
function priorities(max: number): PriorityScheme {
  if (max === 0) return ONE_LEVEL;
  return {
    levels: max + 1,
    levelOf: (priority) => Math.min(Math.max(priority, 0), max),
    turns: "highest",
  };
}

/** The meaning of the x-arguments of queue.declare, which `checkQueueArguments` has checked. */
export function readQueuePolicy(table: FieldTable, release: Release): QueuePolicy {
  const quorum = isQuorum(table);
  const number = (name: string, otherwise: number) => integerOf(table.get(name)) ?? otherwise;
  const text = (name: string) => table.get(name)?.value as string | undefined;
  const deliveryLimit = quorum ? readDeliveryLimit(table, release) : Infinity;
  const returnPlace = deliveryLimit === Infinity ? release.unlimitedReturns : "front";
  return {
    quorum,
    messageTtlMs: number("x-message-ttl", Infinity),
    expiresMs: number("x-expires", Infinity),
    maxLength: number("x-max-length", Infinity),
    maxLengthBytes: number("x-max-length-bytes", Infinity),
    overflow: (text("x-overflow") ?? "drop-head") as Overflow,
    deadLetterExchange: text("x-dead-letter-exchange"),
    deadLetterRoutingKey: text("x-dead-letter-routing-key"),
    priorities: quorum
      ? QUORUM_PRIORITIES[release.quorumPriorities]
      : priorities(number("x-max-priority", 0)),
    returnPlace: quorum ? returnPlace : "own",
    singleActiveConsumer: table.get("x-single-active-consumer")?.value === true,
    deliveryLimit,
    consumerTimeoutMs: integerOf(table.get("x-consumer-timeout")),
    delayedRetry: quorum && release.delayedRetry ? readDelayedRetry(table) : undefined,
  };
}

function readDeliveryLimit(table: FieldTable, release: Release): number {
  const limit = integerOf(table.get("x-delivery-limit")) ?? release.deliveryLimit;
  return limit < 0 && release.negativeLimitIsNone ? Infinity : limit;
}

/**
 * https://www.rabbitmq.com/docs/quorum-queues#delayed-retry: without a type or a least delay there
 * is none.
 */
function readDelayedRetry(table: FieldTable): DelayedRetry | undefined {
  const which = table.get("x-delayed-retry-type")?.value;
  const leastMs = integerOf(table.get("x-delayed-retry-min")) ?? 0;
  const mostMs = integerOf(table.get("x-delayed-retry-max")) ?? 0;
  if (which !== "all" && which !== "failed" && which !== "returned") return undefined;
  return leastMs > 0 ? { which, leastMs, mostMs: mostMs > 0 ? mostMs : leastMs } : undefined;
}
