import { Command } from "@commander-js/extra-typings";
import { brokerCluster } from "./broker_cluster.ts";
import type { Context } from "./context.ts";
import { type Exit, ExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import { UsageError } from "./failure/usage_error.ts";
import {
  QUEUE_EXAMPLES,
  queueDeclareFlags,
  queueDeleteFlags,
  queueListFlags,
  queueMoveFlags,
  queuePeekFlags,
  queuePurgeFlags,
  queueShowFlags,
} from "./flags/queue_command_flags.ts";
import type { ConnectionFlags } from "./flags/connection_flags.ts";
import { attemptOf, Report } from "./output/report.ts";
import { declare, deleteOne, move, peek, purge } from "./queue_actions.ts";
import type { QueueRun } from "./queue_run.ts";
import { list, show } from "./queue_figures_command.ts";
import { NoSuchQueue } from "../queue/queue_look.ts";
import { ManagementUnavailable } from "../queue/management_api.ts";

/** `worktool queue`; `exit` is told the exit code. */
export function queueCommand(context: Context, exit: Exit) {
  /** Runs one of them; a failure is explained. */
  async function run(
    queue: string,
    flags: ConnectionFlags & { readonly json?: boolean | undefined },
    action: (run: QueueRun) => Promise<ExitCode>,
    options?: { readonly onlyShows: boolean },
  ): Promise<void> {
    const report = new Report(context);
    const request = { name: queue, declare: false, arguments: {} };
    const connection = brokerCluster(flags, {
      command: "queue",
      name: `worktool queue ${context.processId}`,
      queue: request,
      eventFields: { queue },
      report,
      context,
    });
    try {
      exit(await action({ context, report, connection }), options);
    } catch (failure) {
      if (failure instanceof UsageError) throw failure;
      if (context.stop.aborted) return exit(ExitCode.failed);
      if (failure instanceof NoSuchQueue) {
        report.notice(`worktool: ${failure.message}`);
        return exit(ExitCode.refused);
      }
      if (failure instanceof ManagementUnavailable) {
        const explanation = noFigures(failure);
        report.explanation(explanation);
        return exit(explanation.exitCode);
      }
      const explanation = explain(failure, attemptOf("queue", { connection, queue: request }));
      report.explanation(explanation);
      exit(explanation.exitCode);
    }
  }

  const shows = { onlyShows: true };
  return new Command("queue")
    .description("See queues, and declare, empty, move or delete them")
    .addHelpText("after", QUEUE_EXAMPLES)
    .addCommand(
      queueListFlags().action((flags) => run("", flags, (to) => list(flags, to), shows)),
    )
    .addCommand(
      queueShowFlags().action((queue, flags) =>
        run(queue, flags, (to) => show(queue, flags, to), shows)
      ),
    )
    .addCommand(
      queueDeclareFlags().action((queue, flags) =>
        run(queue, flags, (to) => declare(queue, flags, to))
      ),
    )
    .addCommand(
      queueDeleteFlags().action((queue, flags) =>
        run(queue, flags, (to) => deleteOne(queue, flags, to))
      ),
    )
    .addCommand(
      queuePurgeFlags().action((queue, flags) =>
        run(queue, flags, (to) => purge(queue, flags, to))
      ),
    )
    .addCommand(
      queuePeekFlags().action((queue, flags) =>
        run(queue, flags, (to) => peek(queue, flags, to), shows)
      ),
    )
    .addCommand(
      queueMoveFlags().action((from, target, flags) =>
        run(from, flags, (to) => move(from, target, flags, to))
      ),
    );
}

function noFigures({ message, status }: ManagementUnavailable) {
  const withoutPlugin = "or name a queue: worktool queue show NAME needs no plug-in";
  switch (status) {
    case 401:
      return {
        message,
        remedies: [
          "the user needs a tag there: rabbitmqctl set_user_tags NAME monitoring",
          "another user for it: --management-url http://user:password@host:15672",
          withoutPlugin,
        ],
        exitCode: ExitCode.noPermission,
      };
    case 404:
      return { message, remedies: [], exitCode: ExitCode.noPermission };
    default:
      return {
        message: `nothing tells of queues here: ${message}`,
        remedies: [
          "whether a broker is there: worktool wait --once",
          "on RabbitMQ enable the plug-in: rabbitmq-plugins enable rabbitmq_management",
          withoutPlugin,
        ],
        exitCode: ExitCode.unavailable,
      };
  }
}
