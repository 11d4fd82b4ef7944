import { Option } from "@commander-js/extra-typings";
import type { ArgumentValue, QueueDeclaration } from "../amqp/queue.ts";
import { argument, repeated } from "./argument.ts";
import { parseQueueArgument } from "./queue_argument.ts";
import { nonEmptyShortString } from "./short_string.ts";
import { UsageError } from "./usage_error.ts";

type Argument = readonly [key: string, value: ArgumentValue];

export const queueFlag = new Option("-q, --queue <name>", "queue to use")
  .argParser(argument(nonEmptyShortString)).default("task_queue");
export const durableFlag = new Option(
  "--durable",
  "the queue survives a restart of the broker",
).default(true);
export const noDurableFlag = new Option(
  "--no-durable",
  "the queue is gone after a restart of the broker",
);
export const queueTypeFlag = new Option("--queue-type <type>", "the broker's default unless given")
  .choices(["classic", "quorum"] as const);
export const queueArgFlag = new Option(
  "--queue-arg <key=value>",
  "argument of the declaration, repeatable: x-max-length=10",
).argParser(repeated(parseQueueArgument));
export const noDeclareFlag = new Option(
  "--no-declare",
  "use the queue as it is, do not declare it",
);

export interface QueueFlags {
  readonly queue: string;
  readonly durable: boolean;
  readonly queueType?: "classic" | "quorum" | undefined;
  readonly queueArg?: readonly Argument[] | undefined;
}

/** @throws {UsageError} */
export function queueDeclaration(flags: QueueFlags): QueueDeclaration {
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
    durable: flags.durable,
    arguments: type === undefined ? given : { ...given, "x-queue-type": type },
  };
}
