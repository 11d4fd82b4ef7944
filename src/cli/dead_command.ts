import { Command } from "@commander-js/extra-typings";
import { dead, type DeadOptions } from "../commands/dead.ts";
import { isSelective } from "../dead/selection.ts";
import { brokerCluster } from "./broker_cluster.ts";
import {
  DEAD_EXAMPLES,
  type DeadAction,
  type DeadFlags,
  deadFlags,
  deadOptions,
} from "./dead_flags.ts";
import { deadEventJson } from "./dead_json.ts";
import {
  deadLetterRow,
  deadLetterText,
  deadSummaryText,
  notReplayedText,
  table,
} from "./dead_text.ts";
import { deadExitCode, type ExitCode } from "./exit_code.ts";
import { explain } from "./explain.ts";
import { attemptOf, Report } from "./report.ts";
import type { Surroundings } from "./surroundings.ts";

const ACTIONS: readonly DeadAction[] = ["ls", "show", "replay", "purge"];

/** `worktool dead`; `exit` is told the exit code. */
export function deadCommand(surroundings: Surroundings, exit: (code: ExitCode) => void) {
  const command = new Command("dead")
    .description("Look at the tasks that were given up, put them back, or delete them")
    .addHelpText("after", DEAD_EXAMPLES);
  for (const action of ACTIONS) {
    const subcommand = deadFlags(action);
    subcommand.action(async (flags) => exit(await run(action, flags, surroundings)));
    command.addCommand(subcommand);
  }
  return command;
}

async function run(
  action: DeadAction,
  flags: DeadFlags,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { stdout, stop, decided, processId } = surroundings;
  const report = new Report(surroundings);
  const withoutConnection = deadOptions(action, flags);
  const { queue, deadLetterQueue } = withoutConnection;
  const about = { name: deadLetterQueue, durable: true, arguments: {} };
  const connection = brokerCluster(flags, {
    command: "dead",
    name: `worktool dead ${action} ${processId}`,
    queue: about,
    context: { queue, deadLetterQueue },
    report,
    surroundings,
  });
  const options: DeadOptions = { ...withoutConnection, connection };
  const wanted = {
    expected: isSelective(options.selection) || action === "show",
    replay: action === "replay",
  };
  const rows: (readonly string[])[] = [];
  let shown = 0;
  let exitCode: ExitCode = 0;

  await dead(options, {
    stop,
    outputRoom: () => stdout.room(),
    onEvent(event) {
      let failure;
      if (event.event === "stopped") {
        if (event.summary.failure !== undefined) {
          const attempt = attemptOf("dead", { connection, queue: about });
          failure = explain(event.summary.failure, attempt);
        }
        exitCode = deadExitCode(event.summary, wanted, failure?.exitCode);
        decided();
        if (!flags.json && rows.length > 0) report.result(table(rows));
        if (failure) report.explanation(failure);
      }
      if (flags.json) {
        const told = failure && { error: failure.message, exitCode };
        return report.result(deadEventJson(event, { queue, deadLetterQueue }, told));
      }
      if (event.event === "dead-letter") {
        const { delivery, death } = event;
        if (action === "ls") rows.push(deadLetterRow(delivery, death));
        else report.result(`${shown++ > 0 ? "\n" : ""}${deadLetterText(delivery, death)}`);
      } else if (event.event === "stopped") {
        if (failure && event.summary.looked === 0) return; // it never began
        report.notice(deadSummaryText(event.summary, action, deadLetterQueue));
      } else {
        const text = notReplayedText(event);
        if (text !== undefined) report.notice(text);
      }
    },
  });
  return exitCode;
}
