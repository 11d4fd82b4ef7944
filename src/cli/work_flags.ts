import { Command, Option } from "@commander-js/extra-typings";
import type { WorkOptions } from "../commands/work.ts";
import { argument } from "./argument.ts";
import {
  connectTimeoutFlag,
  heartbeatFlag,
  insecureFlag,
  tlsCaFlag,
  tlsCertFlag,
  tlsKeyFlag,
  uriFlag,
  urlFlag,
} from "./connection_flags.ts";
import { defined } from "./defined.ts";
import { parseDuration } from "./duration.ts";
import { integerBetween } from "./integer.ts";
import {
  durableFlag,
  noDeclareFlag,
  noDurableFlag,
  queueArgFlag,
  queueDeclaration,
  queueFlag,
  queueTypeFlag,
} from "./queue_flags.ts";
import { nonEmptyShortString } from "./short_string.ts";

const EXAMPLES = `
Acknowledgement (--ack):
  manual  after the work: a task is never lost, it may be done twice (default)
  auto    AMQP's no-ack: the broker forgets a task as it sends it
  early   before the work: a task is lost when the worker dies in it
  never   the forgotten ack: all tasks come back when the worker ends

Examples:
  worktool work
  worktool work --name C1 --prefetch 1
  worktool work --until-empty --dot 100ms
  worktool work --count 3 --max-time 10s --json`;

const positive = argument(integerBetween(1, Number.MAX_SAFE_INTEGER));

/** The flags of `worktool work`. */
export function workFlags() {
  return new Command("work")
    .description("Work on tasks of a queue: one second for every dot, then acknowledge")
    .addOption(queueFlag)
    .addOption(durableFlag)
    .addOption(noDurableFlag)
    .addOption(queueTypeFlag)
    .addOption(queueArgFlag)
    .addOption(noDeclareFlag)
    .option(
      "-p, --prefetch <n>",
      "unacknowledged tasks at the most, 0 for unlimited",
      argument(integerBetween(0, 65_535, " (0 is unlimited)")),
      1,
    )
    .addOption(
      new Option("--ack <mode>", "when to acknowledge, see below")
        .choices(["manual", "auto", "early", "never"] as const).default("manual" as const),
    )
    .addOption(
      new Option("--dot <duration>", "how long the work for one dot takes")
        .argParser(argument(parseDuration)).default(1_000, "1s"),
    )
    .option(
      "-n, --name <name>",
      "shown in the lines, the consumer tag and the connection",
      argument(nonEmptyShortString),
    )
    .option(
      "--priority <n>",
      "consumer priority, higher ones are served first",
      argument(integerBetween(-(2 ** 31), 2 ** 31 - 1)),
    )
    .option("--crash-during <n>", "die in the middle of this task, as if killed", positive)
    .option("-c, --count <n>", "stop after this many tasks", positive)
    .option("--until-empty", "stop when nothing is ready and nothing runs here")
    .option(
      "--idle-timeout <duration>",
      "stop when nothing arrived and nothing ran for this long",
      argument(parseDuration),
    )
    .option("--max-time <duration>", "stop after this long", argument(parseDuration))
    .addOption(
      new Option("--grace <duration>", "how long the running task may go on after a stop")
        .argParser(argument(parseDuration)).default(30_000, "30s"),
    )
    .option("--json", "print one JSON object a line, see docs/events.md")
    .addOption(urlFlag)
    .addOption(uriFlag)
    .addOption(tlsCaFlag)
    .addOption(tlsCertFlag)
    .addOption(tlsKeyFlag)
    .addOption(insecureFlag)
    .addOption(connectTimeoutFlag)
    .addOption(heartbeatFlag)
    .addHelpText("after", EXAMPLES);
}

export type WorkFlags = ReturnType<ReturnType<typeof workFlags>["opts"]>;

/** All options of a worker but its connection and consumer tag. */
export function workOptions(
  flags: WorkFlags,
): Omit<WorkOptions, "connection" | "consumerTag"> {
  return {
    queue: queueDeclaration(flags),
    declare: flags.declare,
    prefetchCount: flags.prefetch,
    ackMode: flags.ack,
    dotMs: flags.dot,
    rules: {
      untilEmpty: flags.untilEmpty ?? false,
      ...defined({
        count: flags.count,
        idleTimeoutMs: flags.idleTimeout,
        maxTimeMs: flags.maxTime,
      }),
    },
    graceMs: flags.grace,
    ...defined({ priority: flags.priority, crashDuring: flags.crashDuring }),
  };
}
