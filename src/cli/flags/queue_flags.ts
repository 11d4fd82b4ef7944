import { Command, Option } from "@commander-js/extra-typings";
import type { QueueRequest } from "../../amqp/task_queue.ts";
import { argument, repeated } from "../values/argument.ts";
import { defined } from "../defined.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";
import { parseQueueArgument } from "../values/queue_argument.ts";
import { nonEmptyShortString } from "../values/short_string.ts";
import { UsageError } from "../failure/usage_error.ts";

export const queueFlag = new Option("-q, --queue <name>", "queue to use")
  .argParser(argument(nonEmptyShortString)).default("task_queue");

/** What a queue is like where it must be declared. */
export function queueShapeFlags() {
  // Without defaults: a queue that exists is taken as it is, unless a flag says otherwise.
  return flagGroup("Queue")
    .option("--durable", "the queue survives a restart of the broker (default for a new queue)")
    .option("--no-durable", "the queue is gone after a restart of the broker")
    .addOption(
      new Option(
        "--queue-type <type>",
        "what kind of queue to create (default: what the broker creates by itself); " +
          "RabbitMQ's tutorial uses quorum today",
      ).choices(["classic", "quorum"] as const),
    )
    .addOption(
      new Option(
        "--queue-arg <key=value>",
        "argument for a new queue, for example x-max-length=10, repeatable",
      ).argParser(repeated(parseQueueArgument)),
    );
}

/** The queue of a run. */
export function queueFlags() {
  return withFlags(
    new Command(),
    flagGroup("Queue").addOption(queueFlag),
    queueShapeFlags(),
    flagGroup("Queue").option("--no-declare", "use the queue, but never create it"),
  );
}

/** The queue that the flags ask for. @throws {UsageError} */
export function queueRequest(flags: FlagsOf<typeof queueFlags>): QueueRequest {
  const given = Object.fromEntries(flags.queueArg ?? []);
  const type = flags.queueType ?? given["x-queue-type"];
  if (type !== (given["x-queue-type"] ?? type)) {
    throw new UsageError(
      `--queue-type ${type} and --queue-arg x-queue-type=${
        given["x-queue-type"]
      } contradict each other`,
    );
  }
  return {
    name: flags.queue,
    declare: flags.declare,
    arguments: type === undefined ? given : { ...given, "x-queue-type": type },
    ...defined({ durable: flags.durable }),
  };
}
