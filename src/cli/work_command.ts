import { work, type WorkOptions } from "../commands/work.ts";
import { connectionOptions } from "./connection_flags.ts";
import { workEventJson } from "./event_json.ts";
import { workEventLine } from "./event_text.ts";
import { type ExitCode, workExitCode } from "./exit_code.ts";
import { explain } from "./explain.ts";
import { attemptOf, Report } from "./report.ts";
import type { Surroundings } from "./surroundings.ts";
import { type WorkFlags, workFlags, workOptions } from "./work_flags.ts";

/** `worktool work`; `exit` is told the exit code. */
export function workCommand(surroundings: Surroundings, exit: (code: ExitCode) => void) {
  return workFlags().action(async (flags) => exit(await run(flags, surroundings)));
}

async function run(flags: WorkFlags, surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stop, env, version, crash, processId } = surroundings;
  const report = new Report(surroundings);
  const worker = flags.name ?? `worktool-${processId}`;
  const options: WorkOptions = {
    ...workOptions(flags),
    consumerTag: worker,
    connection: {
      ...connectionOptions(flags, env),
      name: `worktool work ${worker}`,
      version,
      ...report.connectionEvents(),
    },
  };
  if (options.ackMode === "auto") {
    report.notice(
      " [i] With --ack auto the broker forgets a task as it sends it: --prefetch has no effect",
    );
  }
  const terminal = surroundings.stdoutIsTerminal();
  let waiting = false;
  let exitCode: ExitCode = 0;
  await work(options, {
    stop,
    crash,
    reported: () => stdout.flushed(),
    onEvent(event) {
      let failure;
      if (event.event === "waiting") waiting = true;
      if (event.event === "stopped") {
        if (event.summary.failure !== undefined) {
          failure = explain(event.summary.failure, attemptOf("work", options));
          report.explanation(failure);
        }
        exitCode = workExitCode(event.summary, options.rules, failure?.exitCode);
      }
      if (flags.json) {
        const told = failure && { error: failure.message, exitCode };
        return report.result(workEventJson(event, { worker, queue: flags.queue }, told));
      }
      if (event.event === "stopped" && failure && !waiting) return; // it never began
      report.line(workEventLine(event, { terminal, name: flags.name }));
    },
  });
  return exitCode;
}
