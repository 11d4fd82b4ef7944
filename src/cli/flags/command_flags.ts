import { Option } from "@commander-js/extra-typings";
import { deadLetterQueueName, overlongName, retryQueueName } from "../../retry/queue_names.ts";
import type { CommandWork } from "../../work/work.ts";
import { possibleDelaysMs, snoozeDelaysMs } from "../../retry/backoff.ts";
import { DEFAULT_EXIT_RULES, parseExitRules } from "../../work/exec/exit_rules.ts";
import type { RetryPolicy } from "../../retry/failed_tasks.ts";
import { argument } from "../values/argument.ts";
import { parseBackoff } from "../values/backoff.ts";
import { defined } from "../defined.ts";
import { flagGroup, type FlagsOf } from "./flag_group.ts";
import { firstGiven, type Given } from "./given_flags.ts";
import { parseDuration, parsePositiveDuration } from "../values/duration.ts";
import { integerBetween } from "../values/integer.ts";
import { nonEmptyShortString } from "../values/short_string.ts";
import { UsageError } from "../failure/usage_error.ts";

const DEFAULT_ATTEMPTS = 3;
const DEFAULT_BACKOFF = { minMs: 1_000, maxMs: 300_000 };
const DEFAULT_KILL_AFTER_MS = 5_000;

/** Flags that go with `-- command` alone; none has a default, so that a stray one is noticed. */
export function commandFlags() {
  return flagGroup("Command")
    .addOption(
      new Option("--body <place>", "where the command finds the task (default: stdin)")
        .choices(["stdin", "arg", "file"] as const),
    )
    .addOption(
      new Option(
        "--output <mode>",
        "pass the command's output on as it comes (inherit), in whole lines (prefix), or not at " +
          "all (discard) (default: prefix)",
      ).choices(["inherit", "prefix", "discard"] as const),
    )
    .option(
      "--timeout <duration>",
      "end a command that takes longer",
      argument(parsePositiveDuration),
    )
    .option(
      "--kill-after <duration>",
      "how long after SIGTERM a command gets SIGKILL (default: 5s)",
      argument(parseDuration),
    )
    .option(
      "--on-exit <rules>",
      "what becomes of the task, for each exit status of the command, see below",
      argument(parseExitRules),
    )
    .option(
      "--attempts <n>",
      "how often to try a task (default: 3)",
      argument(integerBetween(1, 1_000)),
    )
    .option(
      "--backoff <range>",
      "wait before another attempt: the shortest, and the longest; it doubles each time " +
        "(default: 1s..5m)",
      argument(parseBackoff),
    )
    .addOption(
      new Option("--no-retry", "give a task up at its first failure")
        .conflicts(["attempts", "backoff"]),
    )
    .option(
      "--dead-letter <queue>",
      "queue for tasks that are given up (default: <queue>.dead)",
      argument(nonEmptyShortString),
    );
}

/** Flags of the tutorial's pretended work alone. */
export function pretendFlags() {
  return flagGroup("Pretended work")
    .option(
      "--dot <duration>",
      "how long the pretended work for one dot takes (default: 1s)",
      argument(parseDuration),
    )
    .option(
      "--crash-during <n>",
      "die in the middle of the n-th task, as if killed",
      argument(integerBetween(1, Number.MAX_SAFE_INTEGER)),
    );
}

type CommandFlags = FlagsOf<typeof commandFlags>;

/**
 * Refuses flags that would have no effect.
 *
 * @param given tells which flags stand on the command line
 * @param command what follows `--`, undefined where there is no `--`
 * @throws {UsageError}
 */
export function checkCommandFlags(
  flags: CommandFlags & { readonly ack: string; readonly json?: boolean | undefined },
  given: Given,
  command: readonly string[] | undefined,
): void {
  if (command === undefined) {
    const flag = firstGiven(commandFlags().options, given);
    if (flag === undefined) return;
    throw new UsageError(`${flag} goes with a command: worktool work ${flag} … -- command`);
  }
  if (!command[0]) {
    throw new UsageError("there is no command after --: worktool work -- ./resize.sh");
  }
  if (flags.ack !== "manual") {
    throw new UsageError(
      `--ack ${flags.ack} goes with the pretended work alone: a command's task is acknowledged after it`,
    );
  }
  const flag = firstGiven(pretendFlags().options, given);
  if (flag !== undefined) {
    throw new UsageError(`${flag} goes with the pretended work alone, not with a command`);
  }
  if (flags.json && flags.output === "inherit") {
    throw new UsageError(
      "--json carries the command's output in its events: leave out --output inherit",
    );
  }
}

/** What the command's flags say. @param command its name and its arguments */
export function commandWork(flags: CommandFlags, [file, ...args]: readonly string[]): CommandWork {
  return {
    file: file!,
    args,
    bodyPlace: flags.body ?? "stdin",
    output: flags.output ?? "prefix",
    exitRules: flags.onExit ?? DEFAULT_EXIT_RULES,
    killAfterMs: flags.killAfter ?? DEFAULT_KILL_AFTER_MS,
    ...defined({ timeoutMs: flags.timeout }),
  };
}

/** What becomes of tasks that fail. @throws {UsageError} a queue's name would be too long */
export function retryPolicy(
  flags: CommandFlags,
  queue: string,
): Omit<RetryPolicy, "confirmTimeoutMs"> {
  const backoff = flags.backoff ?? DEFAULT_BACKOFF;
  const attempts = flags.attempts ?? DEFAULT_ATTEMPTS;
  const deadLetterQueue = flags.deadLetter ?? deadLetterQueueName(queue);
  const delays = flags.retry
    ? [...possibleDelaysMs(backoff, attempts), ...snoozeDelaysMs(backoff)]
    : [];
  if (deadLetterQueue === queue) {
    throw new UsageError(
      `--dead-letter '${queue}' is the work queue itself: what is given up would come back for ever`,
    );
  }
  const tooLong = overlongName([
    deadLetterQueue,
    ...delays.map((delayMs) => retryQueueName(queue, delayMs)),
  ]);
  if (tooLong) {
    throw new UsageError(
      `queue names have at most 255 bytes: '${tooLong}' would be too long, choose a shorter --queue`,
    );
  }
  return { backoff, deadLetterQueue, ...(flags.retry ? { attempts } : {}) };
}
