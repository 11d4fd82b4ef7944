import { setTimeout } from "node:timers/promises";
import type { OutgoingMessage } from "../amqp/publisher.ts";
import type { ReconnectingPublisher } from "./reconnecting_publisher.ts";
import { aheadMs } from "./pace.ts";
import { numbered, type Task } from "./task_source.ts";

/** What a task gets besides its body, and when. */
export interface SendTasksOptions {
  /**
   * Used for every task, with `{n}` replaced by its line in the input, or else by its number;
   * without it each gets a unique one.
   */
  readonly messageId?: string;
  /** Tasks a second at the most. */
  readonly rate?: number;
}

export interface SendTasksContext {
  /**
   * Ends the intake (the owner of the source ends a wait for input); what was published is still
   * waited for.
   */
  readonly stop: AbortSignal;
  /** Called after each task was handed to the publisher. */
  readonly onPublished: (task: Task) => void;
  /** Resolves when the output has room again; undefined when it has. */
  readonly outputRoom: () => Promise<void> | undefined;
}

/**
 * Publishes every task and waits until all of them are settled.
 *
 * @returns whether the source was read to its end
 * @throws {AmqpError} the connection is lost for good, or a confirm is overdue
 */
export async function sendTasks(
  tasks: AsyncIterable<Task>,
  publisher: ReconnectingPublisher,
  { messageId, rate }: SendTasksOptions,
  { stop, onPublished, outputRoom }: SendTasksContext,
): Promise<boolean> {
  const startedAtMs = performance.now();
  let n = 0;
  try {
    for await (const task of tasks) {
      if (rate !== undefined) {
        const waitMs = aheadMs(n, { rate, elapsedMs: performance.now() - startedAtMs });
        if (waitMs >= 1) await setTimeout(waitMs, undefined, { signal: stop }).catch(() => {});
      }
      if (stop.aborted) break;
      n++;
      const { body, line } = task;
      const message: OutgoingMessage = {
        body,
        messageId: messageId === undefined ? crypto.randomUUID() : numbered(messageId, line ?? n),
        ...line !== undefined && { line },
      };
      const full = publisher.publish(message);
      if (full) await full;
      onPublished(task);
      const crowded = outputRoom();
      if (crowded) await crowded;
    }
  } catch (error) {
    // Whatever broke, the source, the output or the connection: what is in flight is waited for.
    await publisher.settled().catch(() => {});
    throw error;
  }
  await publisher.settled();
  return !stop.aborted;
}
