import type { QueueDeclaration } from "../../amqp/queue.ts";
import { printableText } from "./body.ts";

/** `[i] Queue 'task_queue' exists: durable, quorum, x-max-length=10`, as far as it is known. */
export function foundQueueText({ name, durable, autoDelete, arguments: args }: QueueDeclaration) {
  const { "x-queue-type": type, ...others } = args;
  const properties = [
    durable ? "durable" : "not durable",
    ...autoDelete ? ["deleted with its last consumer"] : [],
    ...type === undefined ? [] : [type],
    ...Object.entries(others).map(([key, value]) => `${key}=${value}`),
  ];
  return `[i] Queue '${printableText(name)}' exists: ${printableText(properties.join(", "))}`;
}

/** How to end at once what was told to stop, by a signal like the first. */
export function secondSignalText(first: string): string {
  return `${first === "SIGINT" ? "Press CTRL+C again" : "Signal again"} to end at once`;
}
