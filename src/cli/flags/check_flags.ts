import { Command, Option } from "@commander-js/extra-typings";
import type { CheckOptions } from "../../smoke/check.ts";
import { defined } from "../defined.ts";
import { argument, repeated } from "../values/argument.ts";
import { parsePositiveDuration } from "../values/duration.ts";
import { integerBetween } from "../values/integer.ts";
import { parseQueueArgument } from "../values/queue_argument.ts";
import { parseRate } from "../values/rate.ts";
import { parseSize } from "../values/size.ts";
import { UsageError } from "../failure/usage_error.ts";
import { connectionFlags } from "./connection_flags.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";
import { reconnectionFlags, reconnectionOptions } from "./reconnection_flags.ts";

const EXAMPLES = `
Sends tasks to a queue of its own, takes each one back, and holds what was
confirmed against what arrived: a whole cycle of the broker that is used. The
queue is deleted at the end; after a kill -9 the broker does it, in an hour.

With --restart-command or --kill-command it sends a part, runs the command (a
line for /bin/sh) while it goes on sending, and sends the rest when the command
has ended: what was confirmed before, meanwhile and after must arrive.

Examples:
  worktool check
  worktool check --count 100000 --size 1kB --workers 4 --max-latency 5s
  worktool check --queue-type quorum --restart-command 'docker restart rabbitmq'
  worktool check --junit results.xml

Exit codes: 0 all is well, 1 something is not, 69 no broker, 77 not let in.`;

/** No queue of a check holds more at once. */
const MAX_TASKS = 100_000_000;

function cycleFlags() {
  return flagGroup("Check")
    .addOption(
      new Option("-c, --count <n>", "how many tasks to send")
        .argParser(argument(integerBetween(1, MAX_TASKS))).default(1_000),
    )
    .addOption(
      new Option("--size <size>", "of each task's body: 100B, 1kB, 2MiB")
        .argParser(argument(parseSize)).default(100, "100B"),
    )
    .option(
      "--rate <n>",
      "tasks a second at the most, to see latencies without a backlog",
      argument(parseRate),
    )
    .addOption(
      new Option("--workers <n>", "consumers of the queue, each with a connection of its own")
        .argParser(argument(integerBetween(1, 1_000))).default(1),
    )
    .addOption(
      new Option("-p, --prefetch <n>", "unacknowledged tasks of each of them at the most")
        .argParser(argument(integerBetween(0, 65_535))).default(100),
    )
    .addOption(
      new Option("--queue-type <type>", "of the queue (default: what the broker creates by itself)")
        .choices(["classic", "quorum"] as const),
    )
    .addOption(
      new Option("--queue-arg <key=value>", "argument of the queue, repeatable")
        .argParser(repeated(parseQueueArgument)),
    )
    .option(
      "--max-latency <duration>",
      "fail where a task takes longer from its publish to its arrival",
      argument(parsePositiveDuration),
    )
    .option("--restart-command <line>", "restarts the broker, run while tasks are under way")
    .option("--kill-command <line>", "kills and starts the broker, run after that")
    .addOption(
      new Option("--confirm-timeout <duration>", "how long to wait for each confirm")
        .argParser(argument(parsePositiveDuration)).default(60_000, "60s"),
    );
}

/** The flags of `worktool check`. */
export function checkFlags() {
  return withFlags(
    new Command("check")
      .description("Send tasks, take them back, and say whether the broker kept its word")
      .addHelpText("after", EXAMPLES),
    cycleFlags(),
    flagGroup("Output")
      .addOption(
        new Option("--json", "print one JSON object a line, see docs/events.md").conflicts("tap"),
      )
      .option("--tap", "print the Test Anything Protocol")
      .option("--junit <file>", "write a report as JUnit does"),
    connectionFlags(),
    reconnectionFlags({ defaultMs: 60_000, described: "60s" }),
  );
}

export type CheckFlags = FlagsOf<typeof checkFlags>;

/** @param queue a name of its own @throws {UsageError} */
export function checkOptions(flags: CheckFlags, queue: string): CheckOptions {
  const given = Object.fromEntries(flags.queueArg ?? []);
  if (flags.queueType !== undefined && "x-queue-type" in given) {
    throw new UsageError("--queue-type and --queue-arg x-queue-type say the same thing: give one");
  }
  const { restartCommand, killCommand } = flags;
  const disturbances = [
    { flag: "--restart-command", command: restartCommand },
    { flag: "--kill-command", command: killCommand },
  ].flatMap(({ flag, command }) => command === undefined ? [] : [{ flag, command }]);
  return {
    queue,
    queueArguments: flags.queueType ? { ...given, "x-queue-type": flags.queueType } : given,
    tasks: flags.count,
    sizeBytes: Math.max(1, flags.size),
    workers: flags.workers,
    prefetchCount: flags.prefetch,
    reconnection: reconnectionOptions(flags),
    confirmTimeoutMs: flags.confirmTimeout,
    disturbances,
    ...defined({ rate: flags.rate }),
  };
}
