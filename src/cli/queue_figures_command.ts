import { setTimeout } from "node:timers/promises";
import type { Condition } from "../queue/condition.ts";
import type { QueueDetails } from "../queue/management_api.ts";
import { type Column, COLUMNS, type QueueFigures } from "../queue/queue_figures.ts";
import { type Look, QueueLook } from "../queue/queue_look.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./failure/exit_code.ts";
import type { FlagsOf } from "./flags/flag_group.ts";
import type { queueListFlags, queueShowFlags } from "./flags/queue_command_flags.ts";
import { eventLine } from "./output/event_line.ts";
import {
  figureText,
  queueDetailsText,
  queueJson,
  queueLines,
  queueTable,
} from "./output/queue_text.ts";
import type { QueueRun } from "./queue_run.ts";
import { formatDuration } from "./values/duration.ts";
import { managementUrl, prometheusUrl } from "./values/management_urls.ts";

/** Between two looks of --until. */
const UNTIL_PAUSE_MS = 200;

/** Moves the cursor to the start of the screen, and clears it. */
const CLEAR = "\x1b[H\x1b[2J";

/** AMQP tells of these, exactly. */
const EXACT: readonly Column[] = ["name", "ready", "consumers"];

/** `worktool queue ls`. */
export async function list(
  flags: FlagsOf<typeof queueListFlags>,
  run: QueueRun,
): Promise<ExitCode> {
  const { report, context } = run;
  await using look = lookOf(flags, run);
  const told = new Set<string>();
  return await repeatedly(flags.watch, context, async () => {
    const { known, missing } = await look.all();
    for (const reason of missing) if (!told.has(reason)) report.notice(` [i] ${reason}`);
    for (const reason of missing) told.add(reason);
    const queues = chosen(known, flags);
    if (flags.json) {
      for (const queue of queues) {
        report.result(eventLine("queue", queueJson(queue, flags.columns)));
      }
    } else if (context.stdoutIsTerminal()) {
      report.result(
        `${flags.watch === undefined ? "" : CLEAR}${queueTable(queues, flags.columns)}`,
      );
    } else if (queues.length > 0) report.result(queueLines(queues, flags.columns));
  });
}

/** `worktool queue show`. */
export async function show(
  queue: string,
  flags: FlagsOf<typeof queueShowFlags>,
  run: QueueRun,
): Promise<ExitCode> {
  const { report, context } = run;
  const { stop } = context;
  await using look = lookOf(flags, run);
  const condition = flags.assert ?? flags.until;
  if (condition !== undefined) {
    const waitMs = flags.until === undefined ? 0 : flags.for;
    return await untilHolds(condition, { queue, waitMs, json: flags.json, look, run });
  }
  return await repeatedly(flags.watch, context, async () => {
    const { known, missing } = await look.one(queue, { stop });
    if (flags.json) return report.result(eventLine("queue", detailsJson(known)));
    const clear = flags.watch !== undefined && context.stdoutIsTerminal() ? CLEAR : "";
    report.result(`${clear}${queueDetailsText(known)}`);
    if (missing.length > 0) report.notice(whyUnknown(missing));
  });
}

function lookOf(
  { managementUrl: given }: { readonly managementUrl?: string },
  { connection, context: { env } }: QueueRun,
): QueueLook {
  return new QueueLook({
    connection,
    managementUrl: managementUrl(given, env, connection.current),
    prometheusUrl: prometheusUrl(connection.current),
  });
}

/** Once, or again and again until a stop. */
async function repeatedly(
  everyMs: number | undefined,
  { stop, stdout }: Context,
  once: () => Promise<void>,
): Promise<ExitCode> {
  for (;;) {
    await once();
    await stdout.flushed(); // nobody may be reading any more
    if (everyMs === undefined) return ExitCode.ok;
    await pause(everyMs, stop);
    if (stop.aborted) return ExitCode.ok;
  }
}

async function untilHolds(
  condition: Condition,
  { queue, waitMs, json: asJson, look, run: { report, context: { stop } } }: {
    readonly queue: string;
    readonly waitMs: number;
    readonly json: boolean | undefined;
    readonly look: QueueLook;
    readonly run: QueueRun;
  },
): Promise<ExitCode> {
  const endMs = performance.now() + waitMs;
  const exactly = condition.columns.every((column) => EXACT.includes(column));
  const seen = () => look.one(queue, { stop, exactly });
  let { known: { figures }, missing } = await seen();
  while (!condition.holds(figures) && performance.now() < endMs && !stop.aborted) {
    await pause(Math.min(UNTIL_PAUSE_MS, endMs - performance.now()), stop);
    ({ known: { figures }, missing } = await seen());
  }
  const holds = condition.holds(figures);
  const exitCode = holds ? ExitCode.ok : ExitCode.expectationMissed;
  const { text, columns } = condition;
  const values = columns.map((column) => `${column} ${figureText(figures, column)}`).join(", ");
  if (asJson) {
    const told = { queue, condition: text, holds: holds ?? null, ...queueJson(figures, columns) };
    report.result(eventLine("condition", { ...told, exitCode }));
  } else if (holds) report.result(` [x] ${text}: ${values}`);
  if (holds) return exitCode;
  const after = waitMs > 0 ? ` within ${formatDuration(waitMs)}` : "";
  const how = holds === undefined ? "cannot be known" : "does not hold";
  report.notice(`worktool: '${queue}': ${text} ${how}${after}: ${values}`);
  if (holds === undefined && missing.length > 0) report.notice(whyUnknown(missing));
  return exitCode;
}

function whyUnknown(reasons: readonly string[]): string {
  return [
    ` [i] What is unknown only RabbitMQ's plug-ins tell: ${reasons.join("; ")}`,
    "     enable one there: rabbitmq-plugins enable rabbitmq_management",
  ].join("\n");
}

function chosen(
  queues: readonly QueueFigures[],
  { match = "", sort }: { readonly match?: string; readonly sort?: Column },
): readonly QueueFigures[] {
  const matching = queues.filter(({ name }) => name.includes(match));
  const byName = matching.toSorted((a, b) => a.name < b.name ? -1 : 1);
  if (sort === undefined || sort === "name") return byName;
  const order = ({ [sort]: value }: QueueFigures) =>
    typeof value === "string" ? value : Number(value ?? -1);
  return byName.toSorted((a, b) => {
    const [x, y] = [order(a), order(b)];
    return typeof x === "string" ? (x < y ? -1 : x > y ? 1 : 0) : Number(y) - x;
  });
}

function detailsJson(
  { figures, arguments: args, consumers, bindings }: Look<
    Partial<QueueDetails> & Pick<QueueDetails, "figures">
  >["known"],
): Record<string, unknown> {
  return {
    ...queueJson(figures, COLUMNS),
    arguments: args ?? null,
    consumerDetails: consumers ?? null,
    bindings: bindings ?? null,
  };
}

/** @returns early after a stop */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await setTimeout(Math.max(0, ms), undefined, { signal: stop }).catch(() => {});
}
