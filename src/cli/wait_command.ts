import { type Obstacle, untilReady } from "../smoke/readiness.ts";
import { formatAddress } from "../amqp/broker_url.ts";
import { brokerCluster } from "./broker_cluster.ts";
import { refuseUnusable, runChild } from "./child_command.ts";
import type { Context } from "./context.ts";
import { type Exit, ExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import type { Explanation } from "./failure/explanation.ts";
import { UsageError } from "./failure/usage_error.ts";
import { type WaitFlags, waitFlags, waitOptions } from "./flags/wait_flags.ts";
import { printableText } from "./output/body.ts";
import { counted } from "./output/counted.ts";
import { eventLine } from "./output/event_line.ts";
import { attemptOf, Report } from "./output/report.ts";
import { formatDuration } from "./values/duration.ts";

/**
 * `worktool wait`; `exit` is told the exit code.
 *
 * @param command what follows `--`, undefined where there is no `--`
 */
export function waitCommand(
  context: Context,
  exit: Exit,
  command: readonly string[] | undefined,
) {
  return waitFlags().allowExcessArguments().action(async (flags, given) => {
    if (given.args.length > 0) {
      throw new UsageError(
        `write -- before the command: worktool wait [options] -- ${given.args.join(" ")}`,
      );
    }
    if (command?.length === 0 || command?.[0] === "") {
      throw new UsageError("there is no command after --: worktool wait -- ./run-tests.sh");
    }
    const child = { env: context.env, context };
    const unusable = command && refuseUnusable(command, child);
    if (unusable !== undefined) return exit(unusable);
    const exitCode = await wait(flags, command !== undefined, context);
    if (command === undefined || exitCode !== ExitCode.ok) return exit(exitCode);
    exit(await runChild(command, child));
  });
}

/** @param forCommand whether standard output belongs to a command that follows */
async function wait(
  flags: WaitFlags,
  forCommand: boolean,
  context: Context,
): Promise<ExitCode> {
  const { queue, consumers, forMs } = waitOptions(flags);
  const startedAtMs = performance.now();
  const report = new Report(context);
  const request = { name: queue ?? "", declare: false, arguments: {} };
  const connection = brokerCluster(flags, {
    command: "wait",
    name: `worktool wait ${context.processId}`,
    queue: request,
    eventFields: { queue },
    report,
    context,
  });

  function json(event: string, fields: object): void {
    const line = eventLine(event, { queue, ...fields });
    if (forCommand) context.stderr.write(`${line}\n`);
    else report.result(line);
  }

  function explained(obstacle: Obstacle): Explanation {
    const missed = (message: string, ...remedies: string[]) => ({
      message,
      remedies,
      exitCode: ExitCode.expectationMissed,
    });
    switch (obstacle.kind) {
      case "failure":
        return explain(obstacle.failure, attemptOf("wait", { connection, queue: request }));
      case "no queue":
        return missed(
          `there is no queue '${queue}' in vhost '${connection.current.vhost}'`,
          "it is created by the first `worktool send` or `worktool work` that names it",
        );
      case "consumers":
        return missed(
          `queue '${queue}' has ${counted(obstacle.consumers, "consumer")}, ` +
            `and ${consumers} ${consumers === 1 ? "is" : "are"} wanted`,
          `start one with: worktool work --queue '${queue}'`,
        );
    }
  }

  let told: string | undefined;
  const readiness = await untilReady({ connection, queue, consumers, forMs }, {
    stop: context.stop,
    onWaiting(obstacle) {
      const { message } = explained(obstacle);
      if (message === told || forMs === 0) return;
      told = message;
      if (flags.json) json("waiting", { error: message });
      else report.notice(` [*] Waiting: ${message}`);
    },
  });
  context.decided();
  const elapsedMs = Math.round(performance.now() - startedAtMs);
  switch (readiness.kind) {
    case "ready": {
      const { depth } = readiness;
      const address = formatAddress(connection.current);
      if (flags.json) json("ready", { address, ...depth, elapsedMs });
      else {
        const line = ` [x] Ready: ${
          depth === undefined ? address : `queue '${queue}' at ${address}, ` +
            `${counted(depth.ready, "task")} ready, ${counted(depth.consumers, "consumer")}`
        }`;
        if (forCommand) report.notice(line);
        else report.result(printableText(line));
      }
      return ExitCode.ok;
    }
    case "not ready": {
      const { message, remedies, exitCode } = explained(readiness.obstacle);
      const after = forMs === 0 || exitCode === ExitCode.noPermission
        ? ""
        : ` (after ${formatDuration(elapsedMs)})`;
      report.explanation({ message: `${message}${after}`, remedies, exitCode });
      if (flags.json) json("stopped", { error: message, exitCode, elapsedMs });
      return exitCode;
    }
    case "stopped":
      report.notice("worktool: stopped while waiting");
      if (flags.json) json("stopped", { error: "stopped", exitCode: ExitCode.failed, elapsedMs });
      return ExitCode.failed;
  }
}
