import { writeFile } from "node:fs/promises";
import { check, type CheckResult } from "../smoke/check.ts";
import { type Verdict, verdictsOf } from "../smoke/verdict.ts";
import { brokerCluster } from "./broker_cluster.ts";
import { runShellLine } from "./child_command.ts";
import type { Context } from "./context.ts";
import { type Exit, ExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import type { Explanation } from "./failure/explanation.ts";
import { type CheckFlags, checkFlags, checkOptions } from "./flags/check_flags.ts";
import { junit, summaryLine, tap, verdictLine } from "./output/check_text.ts";
import { eventLine } from "./output/event_line.ts";
import { attemptOf, Report } from "./output/report.ts";

/** `worktool check`; `exit` is told the exit code. */
export function checkCommand(context: Context, exit: Exit) {
  return checkFlags().action(async (flags) => exit(await run(flags, context)));
}

async function run(flags: CheckFlags, context: Context): Promise<ExitCode> {
  const startedAtMs = performance.now();
  const report = new Report(context);
  const queue = `check-${crypto.randomUUID()}`;
  const options = checkOptions(flags, queue);
  const request = { name: queue, declare: false, arguments: {} };
  const connect = (part: string) =>
    brokerCluster({ ...flags, json: false }, {
      command: "check",
      name: `worktool check ${context.processId} ${part}`,
      queue: request,
      eventFields: { queue },
      report,
      context,
    });
  const explained = (failure: unknown) =>
    explain(failure, attemptOf("check", { connection: connect("explained"), queue: request }));
  report.notice(` [i] Queue '${queue}'`);
  let told: string | undefined;
  const result = await check(options, {
    connect,
    stop: context.stop,
    runCommand: (line) => runShellLine(line, context),
    onDisturbance: ({ flag, command }) => report.notice(` [i] ${flag}: ${command}`),
    onReconnecting(failure) {
      const { message } = explained(failure);
      if (message !== told) report.notice(` [!] ${told = message}. Connecting again`);
    },
  });
  const explanation = result.failure === undefined ? undefined : explained(result.failure);
  // Of a cycle that never began there is nothing to judge.
  const verdicts = result.attempted === 0
    ? []
    : verdictsOf(result, { tasks: options.tasks, maxLatencyMs: flags.maxLatency });
  const exitCode = exitCodeOf(result, verdicts, explanation);
  print(verdicts, result, flags, report);
  if (result.stopped) report.notice("worktool: stopped before the check was through");
  if (explanation) report.explanation(explanation);
  const error = explanation?.message ?? (result.stopped ? "stopped" : undefined);
  const elapsedMs = performance.now() - startedAtMs;
  if (flags.json) report.result(summaryJson(queue, result, { error, exitCode, elapsedMs }));
  if (flags.junit === undefined) return exitCode;
  try {
    await writeFile(flags.junit, junit(`worktool check`, verdicts, { elapsedMs, error }));
    return exitCode;
  } catch (failure) {
    report.notice(`worktool: cannot write ${flags.junit}: ${(failure as Error).message}`);
    return exitCode === ExitCode.ok ? ExitCode.failed : exitCode;
  }
}

function exitCodeOf(
  { stopped }: CheckResult,
  verdicts: readonly Verdict[],
  explanation: Explanation | undefined,
): ExitCode {
  if (explanation && !stopped) return explanation.exitCode;
  return stopped || verdicts.some(({ ok }) => !ok) ? ExitCode.failed : ExitCode.ok;
}

function print(
  verdicts: readonly Verdict[],
  { attempted }: CheckResult,
  { json, tap: asTap }: CheckFlags,
  report: Report,
): void {
  if (json) {
    for (const verdict of verdicts) report.result(eventLine("check", verdict));
    return;
  }
  if (asTap) return report.result(tap(verdicts).trimEnd());
  if (attempted === 0) return;
  for (const verdict of verdicts) report.result(verdictLine(verdict));
  report.result(summaryLine(verdicts));
}

function summaryJson(
  queue: string,
  result: CheckResult,
  { error, exitCode, elapsedMs }: {
    readonly error: string | undefined;
    readonly exitCode: ExitCode;
    readonly elapsedMs: number;
  },
): string {
  const { attempted, confirmed, refused, ok, lost, duplicated, recovered, unexpected } = result;
  const { overtaken, reconnects } = result;
  return eventLine("stopped", {
    queue,
    ...{ attempted, confirmed, refused, ok, lost, duplicated, recovered, unexpected },
    ...{ overtaken, reconnects, error, exitCode },
    elapsedMs: Math.round(elapsedMs),
  });
}
