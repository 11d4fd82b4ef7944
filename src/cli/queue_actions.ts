import type { Connection } from "../amqp/connection.ts";
import { deleteQueue } from "../amqp/queue.ts";
import { QueueBrowser } from "../amqp/queue_browser.ts";
import { TaskQueue } from "../amqp/task_queue.ts";
import { withChannel } from "../amqp/with_channel.ts";
import { existingDepth } from "../queue/queue_look.ts";
import { moveMessages } from "../queue/move_messages.ts";
import type { Context } from "./context.ts";
import { ExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import { UsageError } from "./failure/usage_error.ts";
import type { FlagsOf } from "./flags/flag_group.ts";
import { bodyLimitBytes } from "./flags/line_flags.ts";
import type {
  queueDeclareFlags,
  queueDeleteFlags,
  queueMoveFlags,
  queuePeekFlags,
  queuePurgeFlags,
} from "./flags/queue_command_flags.ts";
import { queueRequest } from "./flags/queue_flags.ts";
import { counted } from "./output/counted.ts";
import { eventLine } from "./output/event_line.ts";
import { jsonBody, printableText } from "./output/body.ts";
import { jsonProperties } from "./output/header_json.ts";
import { taskLine } from "./output/line.ts";
import { Progress } from "./output/progress.ts";
import { foundQueueText } from "./output/run_text.ts";
import { attemptOf } from "./output/report.ts";
import type { QueueRun } from "./queue_run.ts";

const DEFAULT_COLUMNS = 80;

/** `worktool queue declare`. */
export async function declare(
  queue: string,
  flags: FlagsOf<typeof queueDeclareFlags>,
  run: QueueRun,
): Promise<ExitCode> {
  const request = queueRequest({ ...flags, queue, declare: true });
  const taken = new TaskQueue(request, {
    onFound: (found) => run.report.notice(` ${foundQueueText(found)}`),
  });
  await using _ = await open(run, (connection) => taken.take(connection));
  tell(run, flags, `'${queue}' is there`, "declared", { queue });
  return ExitCode.ok;
}

/** `worktool queue delete`. */
export async function deleteOne(
  queue: string,
  flags: FlagsOf<typeof queueDeleteFlags>,
  run: QueueRun,
): Promise<ExitCode> {
  await using connection = await open(run);
  const { ready } = await existingDepth(connection, queue);
  if (!await mayDrop(ready, { queue, verb: "delete", yes: flags.yes }, run.context)) {
    return ExitCode.failed;
  }
  await withChannel(connection, (channel) => deleteQueue(channel, queue));
  tell(run, flags, `Deleted '${queue}' with ${counted(ready, "task")}`, "deleted", {
    queue,
    ready,
  });
  return ExitCode.ok;
}

/** `worktool queue purge`. */
export async function purge(
  queue: string,
  flags: FlagsOf<typeof queuePurgeFlags>,
  run: QueueRun,
): Promise<ExitCode> {
  await using connection = await open(run);
  const { ready } = await existingDepth(connection, queue);
  if (!await mayDrop(ready, { queue, verb: "purge", yes: flags.yes }, run.context)) {
    return ExitCode.failed;
  }
  await using browser = await QueueBrowser.open(connection, queue);
  const purged = await browser.purge();
  tell(run, flags, `Purged ${counted(purged, "task")} of '${queue}'`, "purged", { queue, purged });
  return ExitCode.ok;
}

/** `worktool queue peek`. */
export async function peek(
  queue: string,
  flags: FlagsOf<typeof queuePeekFlags>,
  run: QueueRun,
): Promise<ExitCode> {
  const { report, context } = run;
  const limitBytes = bodyLimitBytes(flags);
  await using connection = await open(run);
  await existingDepth(connection, queue);
  await using browser = await QueueBrowser.open(connection, queue);
  let shown = 0;
  while (shown < flags.count && !context.stop.aborted) {
    const delivery = await browser.next();
    if (delivery === undefined) break;
    shown++;
    const { body, messageId, redelivered, deliveryCount, properties } = delivery;
    if (flags.json) {
      report.result(eventLine("task", {
        ...{ queue, messageId, redelivered, deliveryCount },
        ...jsonProperties(properties),
        ...jsonBody(body, limitBytes),
      }));
    } else {
      const after = redelivered ? " (redelivered)" : "";
      report.line(taskLine({ stream: "stdout", before: " [x] ", body, after }, report.columns));
    }
  }
  await browser.close();
  const rest = browser.ready - shown;
  if (!flags.json) report.notice(` [i] ${shown} of ${counted(rest + shown, "task")} in '${queue}'`);
  return ExitCode.ok;
}

/** `worktool queue move`. */
export async function move(
  from: string,
  to: string,
  flags: FlagsOf<typeof queueMoveFlags>,
  run: QueueRun,
): Promise<ExitCode> {
  const { context, report } = run;
  if (from === to) throw new UsageError("a queue cannot be moved to itself");
  await using connection = await open(run);
  await existingDepth(connection, from);
  await existingDepth(connection, to);
  const columns = () => context.columns("stderr") ?? DEFAULT_COLUMNS;
  const progress = context.stderrIsTerminal() ? new Progress(context.stderr, columns) : undefined;
  let moved;
  try {
    moved = await moveMessages(connection, {
      ...{ from, to, count: flags.count ?? Infinity, confirmTimeoutMs: flags.confirmTimeout },
    }, { stop: context.stop, onMoved: (fraction) => progress?.advance(fraction) });
  } finally {
    progress?.[Symbol.dispose]();
  }
  const { moved: count, ready, refused } = moved;
  const left = ready - count;
  const said = `Moved ${counted(count, "task")} from '${from}' to '${to}'${
    left > 0 ? `, ${left} left` : ""
  }`;
  tell(run, flags, said, "moved", { queue: from, to, moved: count, left });
  if (refused === undefined) return context.stop.aborted ? ExitCode.failed : ExitCode.ok;
  const request = { name: to, declare: false, arguments: {} };
  report.explanation(explain(refused, attemptOf("queue", { ...run, queue: request })));
  return ExitCode.failed;
}

async function open(
  { connection: cluster, context: { stop } }: QueueRun,
  use: (connection: Connection) => Promise<unknown> = () => Promise.resolve(),
): Promise<Connection> {
  const { limitMs } = cluster;
  return await cluster.open(async (connection) => {
    await use(connection);
    return connection;
  }, { stop, limitMs });
}

function tell(
  { report }: QueueRun,
  { json }: { readonly json?: boolean | undefined },
  text: string,
  event: string,
  fields: object,
): void {
  report.result(json ? eventLine(event, fields) : ` [x] ${printableText(text)}`);
}

/** Asks on a terminal. @throws {UsageError} where nobody can be asked */
async function mayDrop(
  ready: number,
  { queue, verb, yes }: {
    readonly queue: string;
    readonly verb: string;
    readonly yes: boolean | undefined;
  },
  { inputIsTerminal, openInput, stderr, stop }: Context,
): Promise<boolean> {
  if (ready === 0 || yes) return true;
  if (!inputIsTerminal()) {
    throw new UsageError(`'${queue}' has ${counted(ready, "task")} that would be gone: --yes`);
  }
  stderr.write(`'${queue}' has ${counted(ready, "task")} that would be gone. ${verb} it? [y/N] `);
  const input = openInput();
  const end = () => input.destroy();
  stop.addEventListener("abort", end, { once: true });
  try {
    for await (const chunk of input) return /^y(es)?$/i.test(String(chunk).trim());
  } catch {
    // a stop
  } finally {
    stop.removeEventListener("abort", end);
    input.destroy();
  }
  return false;
}
