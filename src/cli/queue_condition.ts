import { setTimeout } from "node:timers/promises";
import { canHeal } from "../amqp/reconnection.ts";
import type { Condition } from "../queue/condition.ts";
import { ManagementUnavailable } from "../queue/management_api.ts";
import type { Column, QueueFigures } from "../queue/queue_figures.ts";
import type { Look } from "../queue/queue_look.ts";
import { ExitCode } from "./failure/exit_code.ts";
import { eventLine } from "./output/event_line.ts";
import { figureText, queueJson } from "./output/queue_text.ts";
import type { QueueRun } from "./queue_run.ts";
import { formatDuration } from "./values/duration.ts";

/** Between two looks of --until. */
const UNTIL_PAUSE_MS = 200;

/** Of those that do not fulfil a condition. */
const MOST_TOLD = 10;

/** AMQP tells of these, exactly. */
const EXACT: readonly Column[] = ["name", "ready", "consumers"];

/** What --assert and --until ask for. */
export interface ConditionOptions {
  readonly condition: Condition;
  /** 0 for --assert. */
  readonly waitMs: number;
  readonly json: boolean | undefined;
}

/** Whether AMQP alone tells all that a condition looks at. */
export function isExact({ columns }: Condition): boolean {
  return columns.every((column) => EXACT.includes(column));
}

/**
 * Looks until all queues fulfil a condition, and tells how it ended. Where there are none it does
 * not hold: a misspelled name would pass.
 */
export async function untilAllHold(
  look: () => Promise<Look<readonly QueueFigures[]>>,
  { condition, waitMs, json: asJson }: ConditionOptions,
  { report, context: { stop } }: QueueRun,
): Promise<ExitCode> {
  const endMs = performance.now() + waitMs;
  const allHold = (queues: readonly QueueFigures[]) =>
    queues.length > 0 && queues.every((queue) => condition.holds(queue));
  const goesOn = () => performance.now() < endMs && !stop.aborted;
  let { known: queues, missing } = await look();
  while (!allHold(queues) && goesOn()) {
    await pause(Math.min(UNTIL_PAUSE_MS, endMs - performance.now()), stop);
    try {
      ({ known: queues, missing } = await look());
    } catch (failure) {
      if (!mayComeBack(failure) || !goesOn()) throw failure;
    }
  }
  const missed = stop.aborted ? ExitCode.failed : ExitCode.expectationMissed;
  const exitCode = allHold(queues) ? ExitCode.ok : missed;
  const { text, columns } = condition;
  if (asJson) {
    for (const queue of queues) {
      const holds = condition.holds(queue) ?? null;
      const told = { queue: queue.name, condition: text, holds, ...queueJson(queue, columns) };
      report.result(eventLine("condition", { ...told, exitCode }));
    }
  } else if (exitCode === ExitCode.ok) {
    const seen = queues.length === 1
      ? valuesOf(queues[0]!, columns)
      : `all ${queues.length.toLocaleString("en")} queues`;
    report.result(` [x] ${text}: ${seen}`);
  }
  if (exitCode === ExitCode.ok) return exitCode;
  const after = stop.aborted
    ? " until it was stopped"
    : waitMs > 0
    ? ` within ${formatDuration(waitMs)}`
    : "";
  const failing = queues.filter((queue) => !condition.holds(queue));
  if (queues.length === 0) report.notice(`worktool: there is no queue to look at${after}`);
  for (const queue of failing.slice(0, MOST_TOLD)) {
    const how = condition.holds(queue) === undefined ? "cannot be known" : "does not hold";
    const seen = valuesOf(queue, columns);
    const name = figureText(queue, "name");
    report.notice(`worktool: '${name}': ${text} ${how}${after}: ${seen}`);
  }
  const rest = failing.length - MOST_TOLD;
  if (rest > 0) report.notice(`worktool: and ${rest.toLocaleString("en")} more`);
  const isUnknown = failing.some((queue) => condition.holds(queue) === undefined);
  if (isUnknown && missing.length > 0) report.notice(whyUnknown(missing));
  return exitCode;
}

/** What told of queues before, and does not now: a broker that restarts for example. */
function mayComeBack(failure: unknown): boolean {
  if (failure instanceof ManagementUnavailable) return (failure.status ?? 500) >= 500;
  return canHeal(failure, { usedBefore: true });
}

function valuesOf(figures: QueueFigures, columns: readonly Column[]): string {
  return columns.map((column) => `${column} ${figureText(figures, column)}`).join(", ");
}

/** Why figures are unknown, and what would tell them. @param reasons see {@linkcode Look} */
export function whyUnknown(reasons: readonly string[]): string {
  return [
    ` [i] What is unknown only RabbitMQ's plug-ins tell: ${reasons.join("; ")}`,
    "     enable one there: rabbitmq-plugins enable rabbitmq_management",
  ].join("\n");
}

/** @returns early after a stop */
export async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await setTimeout(Math.max(0, ms), undefined, { signal: stop }).catch(() => {});
}
