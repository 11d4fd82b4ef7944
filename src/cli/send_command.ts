import { send, type SendOptions } from "../send/send.ts";
import { isBulk } from "../send/task_source.ts";
import { brokerCluster } from "./broker_cluster.ts";
import { defined } from "./defined.ts";
import { sendEventJson } from "./output/event_json.ts";
import { sendEventLine } from "./output/send_event_text.ts";
import { type ExitCode, sendExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import { failureOf } from "./failure/explanation.ts";
import { bodyLimitBytes } from "./flags/line_flags.ts";
import { Progress } from "./output/progress.ts";
import { attemptOf, Report } from "./output/report.ts";
import { type SendFlags, sendFlags, sendOptions } from "./flags/send_flags.ts";
import { endStartUp } from "./start_up.ts";
import type { Context } from "./context.ts";

/** Of a terminal that does not tell. */
const DEFAULT_COLUMNS = 80;

/** How many tasks of unknown outcome are named; the summary counts all. */
const MAX_UNKNOWN_LINES = 10;

/** `worktool send`; `exit` is told the exit code. */
export function sendCommand(context: Context, exit: (code: ExitCode) => void) {
  return sendFlags().action(async (words, flags) => exit(await run(words, flags, context)));
}

async function run(
  words: readonly string[],
  flags: SendFlags,
  context: Context,
): Promise<ExitCode> {
  const { inputIsTerminal, stdout, stop, decided } = context;
  const withoutConnection = sendOptions(words, flags, { inputIsTerminal });
  const { source, queue } = withoutConnection;
  const bulk = isBulk(source);
  if (bulk) endStartUp();
  const { json, verbose = false, timestamps } = flags;
  const echo = flags.echo ?? source.kind !== "lines";
  // Lines for each task on the same terminal are progress enough, and would tear a bar apart.
  const lines = (json || echo) && context.stdoutIsTerminal();
  using progress = bulk && !lines && context.stderrIsTerminal()
    ? new Progress(context.stderr, () => context.columns("stderr") ?? DEFAULT_COLUMNS)
    : undefined;
  const report = new Report(context, { progress, timestamps });
  const limitBytes = bodyLimitBytes(flags);
  const connection = brokerCluster(flags, {
    command: "send",
    name: `worktool send ${context.processId}`,
    queue,
    eventFields: { queue: queue.name },
    report,
    context,
  });
  const options: SendOptions = { ...withoutConnection, connection };
  let unknown = 0;
  let exitCode: ExitCode = 0;

  await send(options, {
    input: readInput(context),
    ...defined({ inputBytes: context.inputBytes() }),
    stop,
    outputRoom: () => untilAborted(stdout.room(), stop),
    onPublished: (task) => progress?.advance(task.progress),
    onEvent(event) {
      let summary = bulk;
      const failure = failureOf(event);
      const explanation = failure === undefined
        ? undefined
        : explain(failure, attemptOf("send", options));
      const ended = event.event === "stopped";
      if (ended) {
        if (explanation) {
          report.explanation(explanation);
          summary ||= event.summary.sent > 0;
        }
        exitCode = sendExitCode(event.summary, explanation?.exitCode);
        decided();
        if (event.summary.returned > 0) report.notice(unroutable(flags.queue));
      }
      if (json) {
        const told = explanation && { error: explanation.message, ...(ended && { exitCode }) };
        return report.result(sendEventJson(event, { queue: flags.queue, limitBytes }, told));
      }
      if (event.event === "unknown" && ++unknown > MAX_UNKNOWN_LINES) return;
      const problem = explanation?.message;
      const { columns } = report;
      report.line(sendEventLine(event, { columns, verbose, echo, summary, problem }));
    },
  });
  return exitCode;
}

function unroutable(queue: string): string {
  return `worktool: returned tasks are in no queue: '${queue}' does not exist\n` +
    "  - leave out --no-declare to create it, or choose another with --queue";
}

/** A wait that a stop ends too. */
function untilAborted(wait: Promise<void> | undefined, stop: AbortSignal) {
  if (!wait || stop.aborted) return undefined;
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  stop.addEventListener("abort", () => resolve(), { once: true });
  return Promise.race([wait, aborted]);
}

/** Standard input, opened when the first chunk is wanted, until its end or a stop. */
async function* readInput({ openInput, stop }: Context): AsyncGenerator<Uint8Array> {
  const input = openInput();
  const close = () => input.destroy();
  stop.addEventListener("abort", close, { once: true });
  if (stop.aborted) close();
  try {
    yield* input;
  } catch (error) {
    if (!stop.aborted) throw error; // a stop ends the wait for input with an error that is none
  } finally {
    stop.removeEventListener("abort", close);
  }
}
