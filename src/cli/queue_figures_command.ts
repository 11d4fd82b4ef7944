import type { QueueDetails } from "../queue/management_api.ts";
import { type Column, COLUMNS, type QueueFigures } from "../queue/queue_figures.ts";
import { type Look, QueueLook } from "../queue/queue_look.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./failure/exit_code.ts";
import { UsageError } from "./failure/usage_error.ts";
import type { FlagsOf } from "./flags/flag_group.ts";
import type { queueListFlags, queueShowFlags } from "./flags/queue_command_flags.ts";
import { eventLine } from "./output/event_line.ts";
import { queueDetailsText, queueJson, queueLines, queueTable } from "./output/queue_text.ts";
import { Screen } from "./output/screen.ts";
import { type TerminalRoom, WatchedQueues } from "./output/watched_queues.ts";
import {
  type ConditionOptions,
  isExact,
  pause,
  untilAllHold,
  whyUnknown,
} from "./queue_condition.ts";
import type { QueueRun } from "./queue_run.ts";
import { showsUtf8 } from "./values/locale.ts";
import { managementUrl, prometheusUrl } from "./values/management_urls.ts";

/** How long --until waits, unless told. */
const UNTIL_MS = 60_000;

/** Of a terminal that does not tell its size. */
const USUAL = { columns: 80, rows: 24 };

/** `worktool queue ls`. */
export async function list(
  flags: FlagsOf<typeof queueListFlags>,
  run: QueueRun,
): Promise<ExitCode> {
  const { report, context } = run;
  await using look = lookOf(flags, run);
  const condition = conditionOf(flags);
  if (condition !== undefined) {
    const listed = async () => {
      const { known, missing } = await look.all();
      return { known: chosen(known, flags), missing };
    };
    return await untilAllHold(listed, condition, run);
  }
  const told = new Set<string>();
  const watched = new WatchedQueues(flags.columns);
  const screen = new Screen(context.stdout);
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
      if (flags.watch === undefined) report.result(queueTable(queues, flags.columns));
      else {
        watched.look(queues);
        screen.draw(watched.lines(roomOf(context)));
      }
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
  const asked = conditionOf(flags);
  if (asked !== undefined) {
    const exactly = isExact(asked.condition);
    const theQueue = async () => {
      const { known: { figures }, missing } = await look.one(queue, { stop, exactly });
      return { known: [figures], missing };
    };
    return await untilAllHold(theQueue, asked, run);
  }
  const screen = new Screen(context.stdout);
  return await repeatedly(flags.watch, context, async () => {
    const { known, missing } = await look.one(queue, { stop });
    if (flags.json) return report.result(eventLine("queue", detailsJson(known)));
    const text = queueDetailsText(known, Date.now());
    if (flags.watch !== undefined && context.stdoutIsTerminal()) screen.draw(text.split("\n"));
    else report.result(text);
    if (missing.length > 0) report.notice(whyUnknown(missing));
  });
}

function lookOf(
  { managementUrl: given }: { readonly managementUrl?: string },
  { connection, context: { env } }: QueueRun,
): QueueLook {
  return new QueueLook({
    connection,
    management: managementUrl(given, env, connection.current),
    prometheusUrl: prometheusUrl(connection.current),
  });
}

/** What --assert and --until ask for. @throws {UsageError} --for without --until */
function conditionOf(
  flags: Pick<FlagsOf<typeof queueShowFlags>, "assert" | "until" | "for" | "json">,
): ConditionOptions | undefined {
  const { assert, until, for: forMs } = flags;
  if (forMs !== undefined && until === undefined) throw new UsageError("--for needs --until");
  const condition = assert ?? until;
  const waitMs = until === undefined ? 0 : forMs ?? UNTIL_MS;
  return condition && { condition, waitMs, json: flags.json };
}

function roomOf({ columns, rows, env }: Context): TerminalRoom {
  return {
    columns: columns("stdout") ?? USUAL.columns,
    rows: rows() ?? USUAL.rows,
    ascii: !showsUtf8(env),
  };
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
  { figures, arguments: args, consumers, bindings, nextMadeAt }: Look<
    Partial<QueueDetails> & Pick<QueueDetails, "figures">
  >["known"],
): Record<string, unknown> {
  return {
    ...queueJson(figures, COLUMNS),
    arguments: args ?? null,
    consumerDetails: consumers?.map(({ heldSince, ...consumer }) => ({
      ...consumer,
      ...heldSince !== undefined && { heldSince: new Date(heldSince).toISOString() },
    })) ?? null,
    bindings: bindings ?? null,
    ...nextMadeAt !== undefined && { nextMadeAt: new Date(nextMadeAt).toISOString() },
  };
}
