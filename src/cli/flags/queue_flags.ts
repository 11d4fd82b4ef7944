import { Option } from "@commander-js/extra-typings";
import type { ArgumentValue } from "../../amqp/queue.ts";
import type { QueueRequest } from "../../amqp/task_queue.ts";
import { argument, repeated } from "../values/argument.ts";
import { defined } from "../defined.ts";
import { parseQueueArgument } from "../values/queue_argument.ts";
import { nonEmptyShortString } from "../values/short_string.ts";
import { UsageError } from "../failure/usage_error.ts";

type Argument = readonly [key: string, value: ArgumentValue];

export const queueFlag = new Option("-q, --queue <name>", "queue to use")
  .argParser(argument(nonEmptyShortString)).default("task_queue");
// Without defaults: a queue that exists is taken as it is, unless a flag says otherwise.
export const durableFlag = new Option(
  "--durable",
  "the queue survives a restart of the broker (default for a new queue)",
);
export const noDurableFlag = new Option(
  "--no-durable",
  "the queue is gone after a restart of the broker",
);
export const queueTypeFlag = new Option(
  "--queue-type <type>",
  "RabbitMQ's tutorial uses quorum today (default for a new queue: the broker decides)",
)
  .choices(["classic", "quorum"] as const);
export const queueArgFlag = new Option(
  "--queue-arg <key=value>",
  "argument for a new queue, for example x-max-length=10, repeatable",
).argParser(repeated(parseQueueArgument));
export const noDeclareFlag = new Option(
  "--no-declare",
  "use the queue, but never create it",
);

export interface QueueFlags {
  readonly queue: string;
  readonly declare: boolean;
  readonly durable?: boolean | undefined;
  readonly queueType?: "classic" | "quorum" | undefined;
  readonly queueArg?: readonly Argument[] | undefined;
}

/** @throws {UsageError} */
export function queueRequest(flags: QueueFlags): QueueRequest {
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
