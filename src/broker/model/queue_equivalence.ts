import type { Release } from "../release.ts";
import type { FieldTable } from "../wire/field_table.ts";
import { ChannelError } from "../wire/protocol_error.ts";
import { requireSameArguments, requireSameProperty } from "./equivalence.ts";
import type { Queue } from "./queue.ts";
import type { QueueProperties } from "./queue_context.ts";
import { comparedQueueArguments, isQuorum } from "./queue_arguments.ts";

/**
 * A queue is declared that is there already.
 * @throws {ChannelError} 405 exclusive elsewhere, 406 inequivalent.
 */
export function requireEquivalentQueue(
  current: Queue,
  declaration: QueueProperties,
  owner: object,
  release: Release,
): void {
  const { title } = current;
  requireOwner(current, owner);
  if (current.exclusive !== declaration.exclusive) throw lockedQueue(current);
  requireSameProperty(title, "durable", declaration.durable, current.durable);
  requireSameProperty(title, "auto_delete", declaration.autoDelete, current.autoDelete);
  const typed = release.queueTypeByDefault ? withQueueType : (table: FieldTable) => table;
  requireSameArguments(
    title,
    comparedQueueArguments(release),
    typed(declaration.arguments),
    typed(current.arguments),
  );
}

/** What the release takes a queue without a type for. */
function withQueueType(table: FieldTable): FieldTable {
  if (isQuorum(table)) return table;
  return new Map([...table, ["x-queue-type", { type: "S", value: "classic" }]]);
}

/** @throws {ChannelError} 405 for an exclusive queue of another connection. */
export function requireOwner(queue: Queue, connection: object): void {
  if (queue.exclusive && queue.owner !== connection) throw lockedQueue(queue);
}

function lockedQueue(queue: Queue): ChannelError {
  // Rule (queue.declare, "exclusive"): only the declaring connection may use the queue.
  return new ChannelError(
    "RESOURCE_LOCKED",
    `cannot obtain exclusive access to locked ${queue.title}. It could be originally declared on ` +
      "another connection or the exclusive property value does not match that of the original " +
      "declaration.",
  );
}
