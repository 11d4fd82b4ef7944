import { Command, Option } from "@commander-js/extra-typings";
import type { QueueRequest } from "../../amqp/task_queue.ts";
import type { CommandWork, PretendedWork, WorkOptions } from "../../work/work.ts";
import { argument } from "../values/argument.ts";
import { commandFlags, commandWork, pretendFlags, retryPolicy } from "./command_flags.ts";
import { connectionFlags } from "./connection_flags.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";
import { defined } from "../defined.ts";
import { parseDuration, parsePositiveDuration } from "../values/duration.ts";
import { parseHealthAddress } from "../values/listen_address.ts";
import { integerBetween } from "../values/integer.ts";
import { jsonFlags, lineFlags } from "./line_flags.ts";
import { queueFlags, queueRequest } from "./queue_flags.ts";
import { reconnectionFlags, reconnectionOptions } from "./reconnection_flags.ts";
import { nonEmptyShortString } from "../values/short_string.ts";

const EXAMPLES = `
Acknowledgement (--ack):
  manual  after the work: a task is never lost, it may be done twice (default)
  auto    AMQP's no-ack: the broker forgets a task as it sends it
  early   before the work: a task is lost when the worker dies in it
  never   the forgotten ack: all tasks come back when the worker ends

Exit status of a command (--on-exit changes single rules):
  0=ack,65=dead,126=stop,127=stop,*=retry,signal=retry,timeout=retry
  ack     the task is done
  retry   it is tried again later; after --attempts it is dead
  dead    into the queue of --dead-letter
  reject  basic.reject: to the queue's own dead-letter exchange, or gone
  stop    the task goes back, and the worker stops
  More in docs/worker.md.

Examples:
  worktool work
  worktool work --name C1 --prefetch 1
  worktool work --until-empty --dot 100ms
  worktool work --count 3 --max-time 10s --json
  worktool work --concurrency 4 --timeout 1m -- ./resize.sh --width 200`;

const positive = argument(integerBetween(1, Number.MAX_SAFE_INTEGER));

/** What this worker takes from the broker, and when it acknowledges. */
function workerFlags() {
  return flagGroup("Worker")
    .option(
      "-p, --prefetch <n>",
      "at most this many unacknowledged tasks, 0 for no limit (default: as --concurrency)",
      argument(integerBetween(0, 65_535, " (0 is unlimited)")),
    )
    .option("--concurrency <n>", "tasks worked on at the same time", positive, 1)
    .addOption(
      new Option("--ack <mode>", "when to acknowledge, see below")
        .choices(["manual", "auto", "early", "never"] as const).default("manual" as const),
    )
    .option(
      "-n, --name <name>",
      "a name for this worker, shown in its lines, consumer tag and connection",
      argument(nonEmptyShortString),
    )
    .option(
      "--priority <n>",
      "consumer priority: workers with a higher one get tasks first",
      argument(integerBetween(-(2 ** 31), 2 ** 31 - 1)),
    )
    .addOption(
      new Option(
        "--health <[host:]port>",
        "answer /healthz and /metrics over HTTP, on loopback unless a host is given",
      )
        .argParser(argument(parseHealthAddress)),
    );
}

/** When the worker ends, and how. */
function stopFlags() {
  return flagGroup("Stop")
    .option("-c, --count <n>", "stop after this many tasks", positive)
    .option(
      "--until-empty",
      "stop when the queue is empty, no task runs here and none of its retries waits",
    )
    .option(
      "--idle-timeout <duration>",
      "stop when no task arrived or ran for this long",
      argument(parseDuration),
    )
    .option("--max-time <duration>", "stop after this long", argument(parsePositiveDuration))
    .addOption(
      new Option("--grace <duration>", "how long the running task may go on after a stop")
        .argParser(argument(parseDuration)).default(30_000, "30s"),
    );
}

/** The flags of `worktool work`. */
export function workFlags() {
  return withFlags(
    new Command("work")
      .description(
        "Work on the tasks of a queue: run a command for each task, or without a command pretend " +
          "to work, one second for every dot in the task",
      )
      .usage("[options] [-- command argument...]")
      .addHelpText("after", EXAMPLES),
    queueFlags(),
    workerFlags(),
    pretendFlags(),
    commandFlags(),
    stopFlags(),
    jsonFlags(),
    lineFlags(),
    connectionFlags(),
    reconnectionFlags({ defaultMs: Infinity, described: "for ever" }),
  );
}

/** Without --dot. */
const DOT_MS = 1_000;

/** How long RabbitMQ waits for an acknowledgement, unless it is set up otherwise. */
const CONSUMER_TIMEOUT_MS = 30 * 60_000;

/** From the end of a command to the acknowledgement of its task, or to the confirm of its copy. */
const SETTLEMENT_MS = 60_000;

export type WorkFlags = FlagsOf<typeof workFlags>;

/**
 * All options of a worker but its connection.
 *
 * @param worker its name
 * @param command what follows `--`, undefined where there is no `--`
 * @throws {UsageError}
 */
export function workOptions(
  flags: WorkFlags,
  { worker, command }: { readonly worker: string; readonly command: readonly string[] | undefined },
): Omit<WorkOptions, "connection" | "environment"> {
  const queue = queueRequest(flags);
  const work = command ? commandWork(flags, command) : pretendedWork(flags);
  return {
    queue,
    consume: {
      consumerTag: worker,
      prefetchCount: flags.prefetch ?? flags.concurrency,
      noAck: flags.ack === "auto",
      ...defined({
        priority: flags.priority,
        consumerTimeoutMs: "file" in work ? consumerTimeoutMs(work, queue) : undefined,
      }),
    },
    ...(command && {
      retry: { ...retryPolicy(flags, flags.queue), confirmTimeoutMs: flags.connectTimeout },
    }),
    work,
    reconnection: reconnectionOptions(flags),
    concurrency: flags.concurrency,
    ackMode: flags.ack,
    rules: {
      untilEmpty: flags.untilEmpty ?? false,
      ...defined({
        count: flags.count,
        idleTimeoutMs: flags.idleTimeout,
        maxTimeMs: flags.maxTime,
      }),
    },
    graceMs: flags.grace,
    ...defined({ health: flags.health }),
  };
}

/** What to ask of the broker where it would not wait for the longest command; else undefined. */
function consumerTimeoutMs(
  { timeoutMs = 0, killAfterMs }: CommandWork,
  { arguments: { "x-consumer-timeout": known = CONSUMER_TIMEOUT_MS } }: QueueRequest,
): number | undefined {
  return timeoutMs > Number(known) ? timeoutMs + killAfterMs + SETTLEMENT_MS : undefined;
}

/** The tutorial's pretended work. */
function pretendedWork(flags: WorkFlags): PretendedWork {
  return { dotMs: flags.dot ?? DOT_MS, ...defined({ crashDuring: flags.crashDuring }) };
}

/** What a user may not expect of flags that go together. */
export function workWarnings({ ack, prefetch, concurrency }: WorkFlags): string[] {
  if (ack === "auto") {
    return ["With --ack auto the broker forgets a task as it sends it: --prefetch has no effect"];
  }
  if (prefetch === undefined || prefetch === 0 || prefetch >= concurrency) return [];
  return [
    `--prefetch ${prefetch} is less than --concurrency ${concurrency}: ` +
    `no more than ${prefetch} will run at the same time`,
  ];
}
