import { Channel } from "../amqp/channel.ts";
import { Connection, type ConnectionOptions } from "../amqp/connection.ts";
import { ConnectAborted } from "../amqp/errors.ts";
import {
  type MessageProperties,
  type OutgoingMessage,
  Publisher,
  type PublishOutcome,
} from "../amqp/publisher.ts";
import { declareQueue, type QueueDeclaration } from "../amqp/queue.ts";
import type { SendEvent, SendSummary } from "../sender/event.ts";
import { sendTasks } from "../sender/sender.ts";
import { readTasks, type Task, type TaskSource } from "../sender/task_source.ts";

export interface SendOptions {
  readonly connection: ConnectionOptions;
  readonly queue: QueueDeclaration;
  readonly declare: boolean;
  readonly source: TaskSource;
  readonly properties: MessageProperties;
  readonly messageId?: string;
  readonly mandatory: boolean;
  readonly confirm: boolean;
  readonly window: number;
  readonly confirmTimeoutMs: number;
  readonly rate?: number;
}

/** What a send needs from the outside. */
export interface SendSurroundings {
  readonly input: AsyncIterable<Uint8Array>;
  readonly inputBytes?: number;
  readonly stop: AbortSignal;
  readonly onEvent: (event: SendEvent) => void;
  /** Called after each task was handed over. */
  readonly onPublished: (task: Task) => void;
  /** Resolves when the output has room again; undefined when it has. */
  readonly outputRoom: () => Promise<void> | undefined;
}

/** `worktool send`. Failures are part of the summary: what was confirmed before them counts. */
export async function send(
  options: SendOptions,
  surroundings: SendSurroundings,
): Promise<SendSummary> {
  const startedAtMs = performance.now();
  const counts = { confirmed: 0, returned: 0, refused: 0 };
  let publisher: Publisher | undefined;
  const { onEvent } = surroundings;

  function onOutcome(message: OutgoingMessage, outcome: PublishOutcome): void {
    switch (outcome.kind) {
      case "confirmed":
        counts.confirmed++;
        return onEvent({ event: "sent", message, confirmed: true });
      case "unconfirmed":
        return onEvent({ event: "sent", message, confirmed: false });
      case "returned": {
        counts.returned++;
        const { replyCode, replyText } = outcome;
        return onEvent({ event: "returned", message, replyCode, replyText });
      }
      case "refused":
        counts.refused++;
        return onEvent({ event: "refused", message });
      case "unknown":
        return onEvent({ event: "unknown", message });
    }
  }

  async function publishAll(): Promise<boolean> {
    await using connection = await Connection.open(options.connection, surroundings.stop);
    // Closed with its connection: by then every publish is settled, or will not be.
    const channel = await Channel.open(connection, { confirm: options.confirm });
    if (options.declare) await declareQueue(channel, options.queue);
    publisher = new Publisher(channel, { ...options, queue: options.queue.name, onOutcome });
    const tasks = readTasks(options.source, surroundings.input, surroundings.inputBytes);
    return await sendTasks(tasks, publisher, { ...options, ...surroundings });
  }

  let end: { complete: boolean; failure?: unknown };
  try {
    end = { complete: await publishAll() };
  } catch (failure) {
    end = failure instanceof ConnectAborted ? { complete: false } : { complete: false, failure };
  }
  const sent = publisher?.published ?? 0;
  const settled = counts.confirmed + counts.returned + counts.refused;
  const unknown = options.confirm ? sent - settled : 0;
  const elapsedMs = performance.now() - startedAtMs;
  const summary = { sent, ...counts, unknown, ...end, elapsedMs };
  onEvent({ event: "stopped", summary });
  return summary;
}
