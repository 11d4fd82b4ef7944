import type { Release } from "../release.ts";
import { type Field, FIELD_TYPE_NAMES, type FieldTable, integerOf } from "../wire/field_table.ts";
import { ChannelError } from "../wire/protocol_error.ts";

/** Ten years: RabbitMQ refuses longer times to live. */
export const LONGEST_DURATION_MS = 315_360_000_000;

type Check = (field: Field) => string | undefined;

/** What is wrong with a field that must hold an integer, as RabbitMQ words it. */
export function integer(field: Field, lowest: 0 | 1, highest = Infinity): string | undefined {
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

const LEADER_LOCATORS = ["client-local", "balanced", "random", "least-leaders"];

/** An argument: who knows it and what it must hold. */
interface ArgumentRow {
  classic: boolean;
  quorum: boolean;
  check: Check;
}

/** RabbitMQ ignores values that it cannot read. */
const DELAYED_RETRY_ROWS: Record<string, ArgumentRow> = {
  "x-delayed-retry-type": { classic: false, quorum: true, check: () => undefined },
  "x-delayed-retry-min": { classic: false, quorum: true, check: () => undefined },
  "x-delayed-retry-max": { classic: false, quorum: true, check: () => undefined },
};

const CONSUMER_TIMEOUT_ROWS: Record<string, ArgumentRow> = {
  "x-consumer-timeout": { classic: false, quorum: true, check: (field) => integer(field, 0) },
  "x-consumer-disconnected-timeout": {
    classic: false,
    quorum: true,
    check: (field) => integer(field, 0),
  },
};

const rowsOfReleases = new WeakMap<Release, Record<string, ArgumentRow>>();

function rowsOf(release: Release): Record<string, ArgumentRow> {
  let rows = rowsOfReleases.get(release);
  if (rows === undefined) rowsOfReleases.set(release, rows = argumentRows(release));
  return rows;
}

/** One row an argument (https://www.rabbitmq.com/docs/queues#optional-arguments). */
const argumentRows = (release: Release): Record<string, ArgumentRow> => ({
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
      release.checksQueueMode
        ? oneOf(field, ["default", "lazy"], (mode) => `"unsupported queue mode '${mode}'"`)
        : undefined,
  },
  "x-queue-version": {
    classic: true,
    quorum: false,
    check: (field) => {
      const version = integerOf(field);
      const known = release.queueVersions.some((one) => one === version);
      return integer(field, 0) ?? (known ? undefined : `"unsupported queue version '${version}'"`);
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
  "x-queue-leader-locator": {
    classic: release.locatesClassicQueues,
    quorum: true,
    check: (field) =>
      release.locatesClassicQueues
        ? oneOf(field, LEADER_LOCATORS, () => "invalid_queue_locator_arg")
        : undefined,
  },
  "x-max-age": { classic: false, quorum: false, check: () => undefined },
  ...(release.delayedRetry ? DELAYED_RETRY_ROWS : {}),
  ...(release.overdueDelivery === "ends consumer" ? CONSUMER_TIMEOUT_ROWS : {}),
});

/** The queue that is declared, as far as its arguments depend on it. */
export interface QueueIdentity {
  /** As replies name it: `queue 'q' in vhost '/'`. */
  readonly title: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
}

/** Whether x-queue-type asks for a quorum queue. */
export function isQuorum(table: FieldTable): boolean {
  return table.get("x-queue-type")?.value === "quorum";
}

/**
 * Checks the x-arguments of queue.declare.
 * @throws {ChannelError} 406 for an argument of a bad type or value, or of another queue type.
 */
export function checkQueueArguments(
  queue: QueueIdentity,
  table: FieldTable,
  release: Release,
): void {
  const type = table.get("x-queue-type");
  const unknown = type && oneOf(
    type,
    ["classic", "quorum", ...release.defaultQueueTypes],
    (value) => `"unsupported queue type '${value}'"`,
  );
  if (unknown !== undefined) throw invalidArgument(queue, "x-queue-type", unknown);
  const quorum = isQuorum(table);
  const rows = Object.entries(rowsOf(release));
  for (const [name, row] of rows) {
    if (!table.has(name) || (quorum ? row.quorum : row.classic)) continue;
    const kind = quorum ? "rabbit_quorum_queue" : "rabbit_classic_queue";
    throw new ChannelError(
      "PRECONDITION_FAILED",
      `invalid arg '${name}' for ${queue.title} of queue type ${kind}`,
    );
  }
  for (const [name, row] of rows) {
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
const COMPARED_ARGUMENTS: readonly string[] = [
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

/** The arguments that a redeclaration must repeat, as far as the release knows them. */
export function comparedQueueArguments(release: Release): readonly string[] {
  const known = rowsOf(release);
  const later = [...Object.keys(CONSUMER_TIMEOUT_ROWS), ...Object.keys(DELAYED_RETRY_ROWS)];
  return [...COMPARED_ARGUMENTS, ...later.filter((name) => Object.hasOwn(known, name))];
}
