import { type Field, FIELD_TYPE_NAMES, type FieldTable, integerOf } from "../wire/field_table.ts";
import { ChannelError } from "../wire/protocol_error.ts";

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
  /** 0 for a queue without priorities. */
  readonly maxPriority: number;
  readonly singleActiveConsumer: boolean;
  /** Failed deliveries allowed before a quorum queue gives a message up; Infinity for no limit. */
  readonly deliveryLimit: number;
}

/** Ten years: RabbitMQ refuses longer times to live. */
export const LONGEST_DURATION_MS = 315_360_000_000;

type Check = (field: Field) => string | undefined;

function integer(field: Field, lowest: 0 | 1, highest = Infinity): string | undefined {
  const value = integerOf(field);
  if (value === undefined) return `"expected integer, got ${FIELD_TYPE_NAMES[field.type]}"`;
  if (value < 0) return `{value_negative,${value}}`;
  if (value < lowest) return `{value_zero,${value}}`;
  if (value > highest) return `{max_value_exceeded,${value}}`;
  return undefined;
}

function duration(field: Field, lowest: 0 | 1): string | undefined {
  const value = integerOf(field) ?? 0;
  return integer(field, lowest) ??
    (value > LONGEST_DURATION_MS ? `{value_too_large,${value}}` : undefined);
}

function typed(field: Field, type: Field["type"]): string | undefined {
  return field.type === type ? undefined : `{unacceptable_type,${FIELD_TYPE_NAMES[field.type]}}`;
}

function oneOf(field: Field, values: string[], otherwise: (value: string) => string) {
  const problem = typed(field, "S");
  if (problem !== undefined) return problem;
  return values.includes(field.value as string) ? undefined : otherwise(field.value as string);
}

/** One row an argument: who knows it and what it must hold (RabbitMQ docs, queues#optional-arguments). */
const ARGUMENTS: Record<string, { classic: boolean; quorum: boolean; check: Check }> = {
  "x-expires": { classic: true, quorum: true, check: (field) => duration(field, 1) },
  "x-message-ttl": { classic: true, quorum: true, check: (field) => duration(field, 0) },
  "x-dead-letter-routing-key": { classic: true, quorum: true, check: (field) => typed(field, "S") },
  "x-max-length": { classic: true, quorum: true, check: (field) => integer(field, 0) },
  "x-max-length-bytes": { classic: true, quorum: true, check: (field) => integer(field, 0) },
  "x-max-in-memory-length": { classic: false, quorum: true, check: (field) => integer(field, 0) },
  "x-max-in-memory-bytes": { classic: false, quorum: true, check: (field) => integer(field, 0) },
  "x-max-priority": { classic: true, quorum: false, check: (field) => integer(field, 0, 255) },
  "x-overflow": {
    classic: true,
    quorum: true,
    check: (field) =>
      oneOf(field, ["drop-head", "reject-publish", "reject-publish-dlx"], () => "invalid_overflow"),
  },
  "x-queue-mode": {
    classic: true,
    quorum: false,
    check: (field) =>
      oneOf(field, ["default", "lazy"], (mode) => `"unsupported queue mode '${mode}'"`),
  },
  "x-queue-version": {
    classic: true,
    quorum: false,
    check: (field) => {
      const version = integerOf(field);
      return version === 1 || version === 2
        ? integer(field, 0)
        : integer(field, 0) ?? `"unsupported queue version '${version}'"`;
    },
  },
  "x-single-active-consumer": { classic: true, quorum: true, check: (field) => typed(field, "t") },
  "x-delivery-limit": { classic: false, quorum: true, check: () => undefined },
  "x-queue-master-locator": { classic: true, quorum: false, check: () => undefined },
  "x-quorum-initial-group-size": {
    classic: false,
    quorum: true,
    check: (field) => integer(field, 1),
  },
  "x-dead-letter-strategy": {
    classic: false,
    quorum: true,
    check: (field) => oneOf(field, ["at-most-once", "at-least-once"], () => "invalid_dlx_strategy"),
  },
  "x-queue-leader-locator": { classic: false, quorum: true, check: () => undefined },
  "x-max-age": { classic: false, quorum: false, check: () => undefined },
};

/** The identity of a queue in a reply text: `queue 'q' in vhost '/'`. */
export interface QueueIdentity {
  /** Such as `queue 'q' in vhost '/'`. */
  readonly title: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
}

/**
 * Checks the x-arguments of queue.declare and reads their meaning.
 * @throws {ChannelError} 406 for an argument of a bad type or value, or of another queue type.
 */
export function readQueuePolicy(queue: QueueIdentity, table: FieldTable): QueuePolicy {
  const type = table.get("x-queue-type");
  const unknown = type && oneOf(
    type,
    ["classic", "quorum"],
    (value) => `"unsupported queue type '${value}'"`,
  );
  if (unknown !== undefined) throw invalidArgument(queue, "x-queue-type", unknown);
  const quorum = type?.value === "quorum";
  for (const [name, row] of Object.entries(ARGUMENTS)) {
    const field = table.get(name);
    if (field !== undefined && !(quorum ? row.quorum : row.classic)) {
      const kind = quorum ? "rabbit_quorum_queue" : "rabbit_classic_queue";
      throw new ChannelError(
        "PRECONDITION_FAILED",
        `invalid arg '${name}' for ${queue.title} of queue type ${kind}`,
      );
    }
  }
  for (const [name, row] of Object.entries(ARGUMENTS)) {
    const field = table.get(name);
    const problem = field && row.check(field);
    if (problem !== undefined) throw invalidArgument(queue, name, problem);
  }
  const exchange = table.get("x-dead-letter-exchange");
  if (exchange !== undefined && exchange.type !== "S") {
    throw new ChannelError(
      "PRECONDITION_FAILED",
      `invalid type '${
        FIELD_TYPE_NAMES[exchange.type]
      }' for arg 'x-dead-letter-exchange' in ${queue.title}`,
    );
  }
  if (exchange === undefined && table.has("x-dead-letter-routing-key")) {
    throw invalidArgument(
      queue,
      "x-dead-letter-routing-key",
      "routing_key_but_no_dlx_defined",
    );
  }
  if (quorum) checkQuorum(queue);
  const number = (name: string, otherwise: number) => integerOf(table.get(name)) ?? otherwise;
  const text = (name: string) => table.get(name)?.value as string | undefined;
  return {
    quorum,
    messageTtlMs: number("x-message-ttl", Infinity),
    expiresMs: number("x-expires", Infinity),
    maxLength: number("x-max-length", Infinity),
    maxLengthBytes: number("x-max-length-bytes", Infinity),
    overflow: (text("x-overflow") ?? "drop-head") as Overflow,
    deadLetterExchange: text("x-dead-letter-exchange"),
    deadLetterRoutingKey: text("x-dead-letter-routing-key"),
    maxPriority: number("x-max-priority", 0),
    singleActiveConsumer: table.get("x-single-active-consumer")?.value === true,
    deliveryLimit: number("x-delivery-limit", Infinity),
  };
}

function invalidArgument(queue: QueueIdentity, name: string, problem: string): ChannelError {
  return new ChannelError(
    "PRECONDITION_FAILED",
    `invalid arg '${name}' for ${queue.title}: ${problem}`,
  );
}

/** A quorum queue is durable and shared: RabbitMQ refuses the other properties. */
function checkQuorum(queue: QueueIdentity): void {
  const property = queue.autoDelete
    ? "auto-delete"
    : queue.exclusive
    ? "exclusive-owner"
    : queue.durable
    ? undefined
    : "non-durable";
  if (property === undefined) return;
  throw new ChannelError(
    "PRECONDITION_FAILED",
    `invalid property '${property}' for ${queue.title}`,
  );
}

/** Arguments whose equality a redeclaration must keep; others are not compared. */
export const COMPARED_QUEUE_ARGUMENTS: readonly string[] = [
  "x-expires",
  "x-message-ttl",
  "x-dead-letter-exchange",
  "x-dead-letter-routing-key",
  "x-max-length",
  "x-max-length-bytes",
  "x-max-priority",
  "x-overflow",
  "x-queue-mode",
  "x-queue-version",
  "x-single-active-consumer",
  "x-queue-type",
  "x-delivery-limit",
];
