import { ConnectAborted } from "../amqp/errors.ts";
import type { OutgoingMessage, PublishOutcome } from "../amqp/publisher.ts";
import type { SendEvent, SendSummary } from "./send_event.ts";
import {
  ReconnectingPublisher,
  type ReconnectingPublisherOptions,
} from "./reconnecting_publisher.ts";
import { sendTasks, type SendTasksContext, type SendTasksOptions } from "./send_tasks.ts";
import { readTasks, type TaskSource } from "./task_source.ts";

/** One run of `worktool send`, by parts; each is declared where it is used. */
export interface SendOptions
  extends Pick<ReconnectingPublisherOptions, "connection" | "reconnection" | "queue" | "publish"> {
  readonly source: TaskSource;
  readonly tasks: SendTasksOptions;
}

/** What a send needs from the outside. */
export interface SendContext extends SendTasksContext {
  readonly input: AsyncIterable<Uint8Array>;
  readonly inputBytes?: number;
  readonly onEvent: (event: SendEvent) => void;
}

/** `worktool send`. Failures are part of the summary: what was confirmed before them counts. */
export async function send(
  options: SendOptions,
  context: SendContext,
): Promise<SendSummary> {
  const startedAtMs = performance.now();
  const counts = { confirmed: 0, returned: 0, refused: 0 };
  let firstUnknownLine: number | undefined;
  const { connection, reconnection, queue, publish, source } = options;
  const { onEvent, stop } = context;

  function onOutcome(message: OutgoingMessage, outcome: PublishOutcome): void {
    switch (outcome.kind) {
      case "confirmed":
        counts.confirmed++;
        return onEvent({ event: "sent", message, confirmed: true, confirmMs: outcome.afterMs });
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
    }
  }

  const publisher = new ReconnectingPublisher({
    connection,
    reconnection,
    queue,
    publish,
    stop,
    onOutcome,
    onFound: (queue) => onEvent({ event: "found", queue }),
    onUnknown(message) {
      firstUnknownLine ??= message.line; // they are told in order
      onEvent({ event: "unknown", message });
    },
    onReconnecting: (failure, delayMs) => onEvent({ event: "reconnecting", failure, delayMs }),
    onReconnected: (resent) => onEvent({ event: "reconnected", resent }),
  });

  const settled = () => counts.confirmed + counts.returned + counts.refused;
  const unconfirmed = () => publish.confirm ? publisher.sent - settled() : 0;

  function onStop(): void {
    if (unconfirmed() === 0) return;
    onEvent({ event: "stopping", reason: stop.reason, unconfirmed: unconfirmed() });
  }

  async function publishAll(): Promise<boolean> {
    await using _ = publisher;
    await publisher.open();
    const tasks = readTasks(source, context.input, context.inputBytes);
    return await sendTasks(tasks, publisher, options.tasks, context);
  }

  stop.addEventListener("abort", onStop, { once: true });
  let end: { complete: boolean; failure?: unknown };
  try {
    end = { complete: await publishAll() };
  } catch (failure) {
    end = failure instanceof ConnectAborted ? { complete: false } : { complete: false, failure };
  }
  stop.removeEventListener("abort", onStop);
  const { sent, resent } = publisher;
  const elapsedMs = performance.now() - startedAtMs;
  const summary: SendSummary = {
    sent,
    ...counts,
    unknown: unconfirmed(),
    resent,
    ...end,
    ...source.kind === "lines" && !end.complete &&
      { nextLine: firstUnknownLine ?? source.fromLine + sent },
    elapsedMs,
  };
  onEvent({ event: "stopped", summary });
  return summary;
}
