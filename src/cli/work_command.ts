import { formatAddress } from "../amqp/broker_url.ts";
import type { QueueRequest } from "../amqp/task_queue.ts";
import type { OutputStream } from "../work/exec/command_runner.ts";
import type { TaskFacts } from "../work/exec/task_environment.ts";
import { type CommandWork, work, type WorkOptions } from "../work/work.ts";
import { noCounts } from "../work/work_counts.ts";
import type { WorkEvent } from "../work/work_event.ts";
import { brokerCluster } from "./broker_cluster.ts";
import { checkCommandFlags, commandWork, retryPolicy } from "./flags/command_flags.ts";
import { defined } from "./defined.ts";
import { workEventJson } from "./output/event_json.ts";
import { type ExitCode, workExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import { bodyLimitBytes } from "./flags/line_flags.ts";
import { outputPrefix, prefixed } from "./output/output_prefix.ts";
import { attemptOf, Report } from "./output/report.ts";
import { endStartUp } from "./start_up.ts";
import type { Context } from "./context.ts";
import { UsageError } from "./failure/usage_error.ts";
import {
  consumeOptions,
  pretendedWork,
  type WorkFlags,
  workFlags,
  workOptions,
} from "./flags/work_flags.ts";
import { workEventLine } from "./output/work_event_text.ts";

/** How long RabbitMQ waits for an acknowledgement, unless it is set up otherwise. */
const CONSUMER_TIMEOUT_MS = 30 * 60_000;

/** From the end of a command to the acknowledgement of its task, or to the confirm of its copy. */
const SETTLEMENT_MS = 60_000;

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
  const { stdout, stderr, stop, decided, crash } = context;
  const { verbose = false, timestamps } = flags;
  const limitBytes = bodyLimitBytes(flags);
  const report = new Report(context, { timestamps });
  const worker = flags.name ?? `worktool-${context.processId}`;
  const options = optionsOf(flags, command, { worker, report, context });
  for (const warning of warnings(flags, options)) report.notice(` [i] ${warning}`);
  const isTerminal = {
    stdout: context.stdoutIsTerminal(),
    stderr: context.stderrIsTerminal(),
  };
  let waiting = false;
  let exitCode: ExitCode = 0;

  function onEvent(event: WorkEvent): void {
    if (event.event === "waiting") {
      waiting = true;
      endStartUp();
    }
    const failed = event.event === "stopped" ? event.summary.failure : undefined;
    const lost = event.event === "reconnecting" ? event.failure : undefined;
    const failure = failed ?? lost;
    const explanation = failure === undefined
      ? undefined
      : explain(failure, attemptOf("work", options));
    if (event.event === "stopped") {
      if (explanation) report.explanation(explanation);
      exitCode = workExitCode(event.summary, options.rules, explanation?.exitCode);
      decided();
    }
    if (flags.json) {
      const told = explanation &&
        { error: explanation.message, ...(lost === undefined ? { exitCode } : {}) };
      return report.result(workEventJson(event, { worker, queue: flags.queue, limitBytes }, told));
    }
    if (event.event === "stopped" && explanation && !waiting) return; // it never began
    report.line(workEventLine(event, {
      columns: report.columns,
      verbose,
      name: flags.name,
      count: flags.count,
      command: command !== undefined,
      problem: explanation?.message,
    }));
  }

  function onOutput({ delivery, attempt }: TaskFacts, stream: OutputStream, lines: Uint8Array) {
    if (flags.json) {
      onEvent({ event: "output", delivery, attempt, stream, lines });
      return stdout.room();
    }
    const output = stream === "stdout" ? stdout : stderr;
    output.write(isNamed(stream) ? prefixed(lines, outputPrefix(worker, delivery)) : lines);
    return output.room();
  }

  function isNamed(stream: OutputStream): boolean {
    return isTerminal[stream] || flags.output === "prefix";
  }

  /** Alone on stdout, a command's bytes are left as they are; so are they in events. */
  function mixed(stream: OutputStream): boolean {
    return !flags.json && (stream === "stderr" || flags.concurrency > 1 || isNamed(stream));
  }

  try {
    await work(options, {
      stop,
      crash,
      mixed,
      reported: () => stdout.flushed(),
      onEvent,
      onOutput,
      onHealth: (port) => {
        const address = formatAddress({ host: flags.health?.host ?? "localhost", port });
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
  const withoutConnection = workOptions(flags);
  const { queue } = withoutConnection;
  const connection = brokerCluster(flags, {
    command: "work",
    name: `worktool work ${worker}`,
    queue,
    eventFields: { worker, queue: queue.name },
    report,
    context,
  });
  const options = {
    ...withoutConnection,
    connection,
    environment: context.env,
  };
  const consume = consumeOptions(flags, worker);
  if (!command) return { ...options, consume, work: pretendedWork(flags) };
  const work = commandWork(flags, command);
  return {
    ...options,
    consume: {
      ...consume,
      ...defined({ consumerTimeoutMs: consumerTimeoutMs(work, options.queue) }),
    },
    work,
    retry: { ...retryPolicy(flags, flags.queue), confirmTimeoutMs: flags.connectTimeout },
  };
}

/** What to ask of the broker where it would not wait for the longest command; else undefined. */
function consumerTimeoutMs(
  { timeoutMs = 0, killAfterMs }: CommandWork,
  { arguments: { "x-consumer-timeout": known = CONSUMER_TIMEOUT_MS } }: QueueRequest,
): number | undefined {
  return timeoutMs > Number(known) ? timeoutMs + killAfterMs + SETTLEMENT_MS : undefined;
}

function warnings(flags: WorkFlags, { consume: { prefetchCount } }: WorkOptions): string[] {
  const warnings = [];
  if (flags.ack === "auto") {
    warnings.push(
      "With --ack auto the broker forgets a task as it sends it: --prefetch has no effect",
    );
  } else if (prefetchCount > 0 && prefetchCount < flags.concurrency) {
    warnings.push(
      `--prefetch ${prefetchCount} is less than --concurrency ${flags.concurrency}: ` +
        `no more than ${prefetchCount} will run at the same time`,
    );
  }
  return warnings;
}
