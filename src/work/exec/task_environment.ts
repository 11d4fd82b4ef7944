import type { Delivery } from "../../amqp/delivery.ts";
import { ROUTING_KEY } from "../../retry/republished_properties.ts";
import { propertiesJson } from "./properties_json.ts";

/** Variables of a process; those that are undefined are not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

const TASK_VARIABLES = [
  "WORKTOOL_QUEUE",
  "WORKTOOL_MESSAGE_ID",
  "WORKTOOL_ATTEMPT",
  "WORKTOOL_REDELIVERED",
  "WORKTOOL_ROUTING_KEY",
  "WORKTOOL_CONTENT_TYPE",
  "WORKTOOL_DEADLINE",
  "WORKTOOL_PROPERTIES",
];

/**
 * What all tasks of a worker have in common: a task variable of the parent must not pass for ours.
 */
export function baseEnvironment(parent: Environment, queue: string): Environment {
  const entries = Object.entries(parent).filter(([name]) => !TASK_VARIABLES.includes(name));
  return { ...Object.fromEntries(entries), WORKTOOL_QUEUE: queue };
}

/** What a command is told of its task. */
export interface TaskFacts {
  readonly delivery: Delivery;
  /** From 1. */
  readonly attempt: number;
  /** When the command is ended, in milliseconds since 1970. */
  readonly deadlineMs?: number;
}

/** The environment of one task's command. What the message does not have is not set. */
export function taskEnvironment(
  base: Environment,
  { delivery, attempt, deadlineMs }: TaskFacts,
): Environment {
  const { messageId, properties, redelivered, routingKey } = delivery;
  const original = properties.headers?.[ROUTING_KEY];
  const environment: Record<string, string | undefined> = {
    ...base,
    WORKTOOL_ATTEMPT: String(attempt),
    WORKTOOL_REDELIVERED: String(redelivered),
    WORKTOOL_PROPERTIES: propertiesJson(properties),
  };
  function set(name: string, value: unknown): void {
    // A variable cannot hold a zero byte; WORKTOOL_PROPERTIES can, escaped.
    if (typeof value === "string" && !value.includes("\0")) environment[name] = value;
  }
  set("WORKTOOL_MESSAGE_ID", messageId);
  set("WORKTOOL_ROUTING_KEY", typeof original === "string" ? original : routingKey);
  set("WORKTOOL_CONTENT_TYPE", properties.contentType);
  if (deadlineMs !== undefined) set("WORKTOOL_DEADLINE", new Date(deadlineMs).toISOString());
  return environment;
}
