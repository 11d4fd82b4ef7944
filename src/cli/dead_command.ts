import { Command } from "@commander-js/extra-typings";
import { dead, type DeadOptions } from "../dead_letters/dead_letters.ts";
import { isSelective } from "../dead_letters/selection.ts";
import { brokerCluster } from "./broker_cluster.ts";
import {
  DEAD_ACTIONS,
  DEAD_EXAMPLES,
  type DeadAction,
  type DeadFlags,
  deadFlags,
  deadOptions,
  onlyShows,
} from "./flags/dead_flags.ts";
import { deadEventJson } from "./output/dead_json.ts";
import {
  deadLetterCells,
  type DeadLetterRow,
  deadLetterText,
  deadSummaryText,
  notReplayedLine,
  table,
} from "./output/dead_text.ts";
import { deadExitCode, type Exit, type ExitCode } from "./failure/exit_code.ts";
import { explain } from "./failure/explain.ts";
import { failureOf } from "./failure/explanation.ts";
import { bodyLimitBytes } from "./flags/line_flags.ts";
import { OutputFailed } from "./output/output.ts";
import { attemptOf, Report } from "./output/report.ts";
import type { Context } from "./context.ts";

/** `worktool dead`; `exit` is told the exit code. */
export function deadCommand(context: Context, exit: Exit) {
  const command = new Command("dead")
    .description("Look at the tasks that were given up, put them back, or delete them")
    .addHelpText("after", DEAD_EXAMPLES);
  for (const action of DEAD_ACTIONS) {
    const subcommand = deadFlags(action);
    subcommand.action(async (flags) => {
      exit(await run(action, flags, context), { onlyShows: onlyShows(action) });
    });
    command.addCommand(subcommand);
  }
  return command;
}

async function run(action: DeadAction, flags: DeadFlags, context: Context): Promise<ExitCode> {
  const { stdout, stop, decided, processId } = context;
  const report = new Report(context);
  const { columns } = report;
  const limitBytes = bodyLimitBytes(flags);
  const withoutConnection = deadOptions(action, flags);
  const { queue, deadLetterQueue } = withoutConnection;
  const about = { name: deadLetterQueue, declare: false, durable: true, arguments: {} };
  const connection = brokerCluster(flags, {
    command: "dead",
    name: `worktool dead ${action} ${processId}`,
    queue: about,
    eventFields: { queue, deadLetterQueue },
    report,
    context,
  });
  const options: DeadOptions = { ...withoutConnection, connection };
  const wanted = {
    expected: isSelective(options.selection) || action === "show",
    replay: action === "replay",
  };
  const rows: DeadLetterRow[] = [];
  let shown = 0;
  let exitCode: ExitCode = 0;

  await dead(options, {
    stop,
    outputRoom: () => stdout.room(),
    onEvent(event) {
      const failure = failureOf(event);
      // `dead ls --json | head -1`: the reader has seen enough.
      const enough = failure instanceof OutputFailed && failure.code === "EPIPE";
      if (enough && onlyShows(action)) return;
      const explanation = failure === undefined
        ? undefined
        : explain(failure, attemptOf("dead", { connection, queue: about }));
      if (event.event === "stopped") {
        exitCode = deadExitCode(event.summary, wanted, explanation?.exitCode);
        decided();
        if (!flags.json && rows.length > 0) report.result(table(rows, columns));
        if (explanation) report.explanation(explanation);
      }
      if (flags.json) {
        const told = explanation && { error: explanation.message, exitCode };
        return report.result(deadEventJson(event, { queue, deadLetterQueue, limitBytes }, told));
      }
      switch (event.event) {
        case "dead-letter": {
          const { delivery, death } = event;
          if (action === "ls") {
            rows.push({ cells: deadLetterCells(delivery, death), body: delivery.body });
          } else report.result(`${shown++ > 0 ? "\n" : ""}${deadLetterText(delivery, death)}`);
          return;
        }
        case "stopped":
          if (explanation && event.summary.looked === 0) return; // it never began
          return report.notice(deadSummaryText(event.summary, action, deadLetterQueue));
        default:
          return report.line(notReplayedLine(event, columns));
      }
    },
  });
  return exitCode;
}
