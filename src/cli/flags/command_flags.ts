import { Option } from "@commander-js/extra-typings";
import { deadLetterQueueName, overlongName, retryQueueName } from "../../retry/queue_names.ts";
import type { CommandWork } from "../../work/work.ts";
import { possibleDelaysMs, snoozeDelaysMs } from "../../retry/backoff.ts";
import { DEFAULT_EXIT_RULES, parseExitRules } from "../../work/exec/exit_rules.ts";
import type { RetryPolicy } from "../../retry/failed_tasks.ts";
import { argument } from "../values/argument.ts";
import { parseBackoff } from "../values/backoff.ts";
import { defined } from "../defined.ts";
import { parseDuration, parsePositiveDuration } from "../values/duration.ts";
import { integerBetween } from "../values/integer.ts";
import { nonEmptyShortString } from "../values/short_string.ts";
import { UsageError } from "../failure/usage_error.ts";

const DEFAULT_ATTEMPTS = 3;
const DEFAULT_BACKOFF = { minMs: 1_000, maxMs: 300_000 };
const DEFAULT_KILL_AFTER_MS = 5_000;

// Flags that go with `-- command` alone; none has a default, so that a stray one is noticed.

export const bodyFlag = new Option(
  "--body <place>",
  "where the command finds the task (default: stdin)",
).choices(["stdin", "arg", "file"] as const);
export const outputFlag = new Option(
  "--output <mode>",
  "pass the command's output on as it comes (inherit), in whole lines (prefix), or not at all (discard) (default: prefix)",
).choices(["inherit", "prefix", "discard"] as const);
export const timeoutFlag = new Option("--timeout <duration>", "end a command that takes longer")
  .argParser(argument(parsePositiveDuration));
export const killAfterFlag = new Option(
  "--kill-after <duration>",
  "how long after SIGTERM a command gets SIGKILL (default: 5s)",
).argParser(argument(parseDuration));
export const onExitFlag = new Option(
  "--on-exit <rules>",
  "what becomes of the task, for each exit status of the command, see below",
).argParser(argument(parseExitRules));
export const attemptsFlag = new Option("--attempts <n>", "how often to try a task (default: 3)")
  .argParser(argument(integerBetween(1, 1_000)));
export const backoffFlag = new Option(
  "--backoff <range>",
  "wait between attempts: doubles from the first to the second time (default: 1s..5m)",
).argParser(argument(parseBackoff));
export const noRetryFlag = new Option("--no-retry", "give a task up at its first failure");
export const deadLetterFlag = new Option(
  "--dead-letter <queue>",
  "queue for tasks that are given up (default: <queue>.dead)",
).argParser(argument(nonEmptyShortString));

export interface CommandFlags {
  readonly body?: "stdin" | "arg" | "file" | undefined;
  readonly output?: "inherit" | "prefix" | "discard" | undefined;
  readonly timeout?: number | undefined;
  readonly killAfter?: number | undefined;
  readonly onExit?: ReturnType<typeof parseExitRules> | undefined;
  readonly attempts?: number | undefined;
  readonly backoff?: ReturnType<typeof parseBackoff> | undefined;
  readonly retry: boolean;
  readonly deadLetter?: string | undefined;
}

/** Flags of the tutorial's pretended work. */
export interface PretendFlags {
  readonly ack: "manual" | "auto" | "early" | "never";
  readonly dot?: number | undefined;
  readonly crashDuring?: number | undefined;
  readonly json?: boolean | undefined;
}

/** Refuses flags that would have no effect. @throws {UsageError} */
export function checkCommandFlags(
  flags: CommandFlags & PretendFlags,
  command: readonly string[] | undefined,
): void {
  if (command === undefined) {
    const { body, output, timeout, killAfter, onExit, attempts, backoff, deadLetter } = flags;
    const given = { body, output, timeout, killAfter, onExit, attempts, backoff, deadLetter };
    const [stray] = Object.entries(given).filter(([, value]) => value !== undefined);
    const name = stray ? kebabCase(stray[0]) : flags.retry ? undefined : "no-retry";
    if (name) {
      throw new UsageError(`--${name} goes with a command: worktool work --${name} … -- command`);
    }
    return;
  }
  if (!command[0]) {
    throw new UsageError("there is no command after --: worktool work -- ./resize.sh");
  }
  if (flags.ack !== "manual") {
    throw new UsageError(
      `--ack ${flags.ack} goes with the pretended work alone: a command's task is acknowledged after it`,
    );
  }
  if (flags.dot !== undefined || flags.crashDuring !== undefined) {
    const name = flags.dot === undefined ? "crash-during" : "dot";
    throw new UsageError(`--${name} goes with the pretended work alone, not with a command`);
  }
  if (!flags.retry && (flags.attempts !== undefined || flags.backoff !== undefined)) {
    throw new UsageError("--no-retry goes neither with --attempts nor with --backoff");
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

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
