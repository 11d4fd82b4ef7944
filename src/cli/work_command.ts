import { formatAddress } from "../amqp/broker_url.ts";
import type { OutputStream } from "../work/exec/command_runner.ts";
import type { TaskFacts } from "../work/exec/task_environment.ts";
import { work, type WorkOptions } from "../work/work.ts";
import { noCounts } from "../work/work_counts.ts";
import type { WorkEvent } from "../work/work_event.ts";
import { brokerCluster } from "./broker_cluster.ts";
import type { Context } from "./context.ts";
import { type ExitCode, workExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import { failureOf } from "./failure/explanation.ts";
import { UsageError } from "./failure/usage_error.ts";
import { checkCommandFlags } from "./flags/command_flags.ts";
import { bodyLimitBytes } from "./flags/line_flags.ts";
import { type WorkFlags, workFlags, workOptions, workWarnings } from "./flags/work_flags.ts";
import { CommandLines } from "./output/command_lines.ts";
import { workEventJson } from "./output/event_json.ts";
import { attemptOf, Report } from "./output/report.ts";
import { workEventLine } from "./output/work_event_text.ts";
import { endStartUp } from "./start_up.ts";

/**
 * `worktool work`; `exit` is told the exit code.
 *
 * @param command what follows `--`, undefined where there is no `--`
 */
export function workCommand(
  context: Context,
  exit: (code: ExitCode) => void,
  command: readonly string[] | undefined,
) {
  return workFlags().allowExcessArguments().action(async (flags, given) => {
    if (given.args.length > 0) {
      throw new UsageError(
        `write -- before the command: worktool work [options] -- ${given.args.join(" ")}`,
      );
    }
    checkCommandFlags(flags, given, command);
    exit(await run(flags, command, context));
  });
}

async function run(
  flags: WorkFlags,
  command: readonly string[] | undefined,
  context: Context,
): Promise<ExitCode> {
  const { stdout, stop, decided, crash } = context;
  const { queue, json, name, count, verbose = false, timestamps } = flags;
  const limitBytes = bodyLimitBytes(flags);
  const worker = name ?? `worktool-${context.processId}`;
  const report = new Report(context, { timestamps });
  const options = optionsOf(flags, command, { worker, report, context });
  const commandLines = new CommandLines({
    worker,
    context,
    concurrent: flags.concurrency > 1,
    prefix: flags.output === "prefix",
  });
  for (const warning of workWarnings(flags)) report.notice(` [i] ${warning}`);
  let waiting = false;
  let exitCode: ExitCode = 0;

  function onEvent(event: WorkEvent): void {
    if (event.event === "waiting") {
      waiting = true;
      endStartUp();
    }
    const failure = failureOf(event);
    const explanation = failure === undefined
      ? undefined
      : explain(failure, attemptOf("work", options));
    const ended = event.event === "stopped";
    if (ended) {
      if (explanation) report.explanation(explanation);
      exitCode = workExitCode(event.summary, options.rules, explanation?.exitCode);
      decided();
    }
    if (json) {
      const told = explanation && { error: explanation.message, ...(ended && { exitCode }) };
      return report.result(workEventJson(event, { worker, queue, limitBytes }, told));
    }
    if (ended && explanation && !waiting) return; // it never began
    report.line(workEventLine(event, {
      columns: report.columns,
      verbose,
      name,
      count,
      command: command !== undefined,
      problem: explanation?.message,
    }));
  }

  function onOutput({ delivery, attempt }: TaskFacts, stream: OutputStream, lines: Uint8Array) {
    if (!json) return commandLines.write(stream, lines, delivery);
    onEvent({ event: "output", delivery, attempt, stream, lines });
    return stdout.room();
  }

  try {
    await work(options, {
      stop,
      crash,
      mixed: (stream) => !json && commandLines.mixed(stream),
      reported: () => stdout.flushed(),
      onEvent,
      onOutput,
      onHealth: (port) => {
        const address = formatAddress({ ...flags.health!, port });
        report.notice(` [i] Health: http://${address}/healthz and /metrics`);
      },
    });
  } catch (failure) {
    onEvent({
      event: "stopped",
      summary: { reason: "error", failure, ...noCounts(), elapsedMs: 0 },
    });
  }
  return exitCode;
}

function optionsOf(
  flags: WorkFlags,
  command: readonly string[] | undefined,
  { worker, report, context }: {
    readonly worker: string;
    readonly report: Report;
    readonly context: Context;
  },
): WorkOptions {
  const options = workOptions(flags, { worker, command });
  const { queue } = options;
  const connection = brokerCluster(flags, {
    command: "work",
    name: `worktool work ${worker}`,
    queue,
    eventFields: { worker, queue: queue.name },
    report,
    context,
  });
  return { ...options, connection, environment: context.env };
}
