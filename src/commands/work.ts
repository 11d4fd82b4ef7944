import { Channel } from "../amqp/channel.ts";
import { Connection, type ConnectionOptions } from "../amqp/connection.ts";
import { ConnectAborted } from "../amqp/errors.ts";
import { declareQueue, type QueueDeclaration } from "../amqp/queue.ts";
import { dotsHandler } from "../worker/dots.ts";
import type { WorkEvent, WorkSummary } from "../worker/event.ts";
import type { StopReason, StopRules } from "../worker/stop_rules.ts";
import { type AckMode, runWorker } from "../worker/worker.ts";

export interface WorkOptions {
  readonly connection: ConnectionOptions;
  readonly queue: QueueDeclaration;
  readonly declare: boolean;
  readonly consumerTag: string;
  readonly prefetchCount: number;
  readonly priority?: number;
  readonly ackMode: AckMode;
  readonly dotMs: number;
  readonly crashDuring?: number;
  readonly rules: StopRules;
  readonly graceMs: number;
}

/** What a worker needs from the outside. */
export interface WorkSurroundings {
  readonly stop: AbortSignal;
  readonly onEvent: (event: WorkEvent) => void;
  readonly reported: () => Promise<void>;
  /** Ends this process as `kill -9` does. */
  readonly crash: () => Promise<never>;
}

/** `worktool work`. Failures are part of the summary: what was done before them counts. */
export async function work(
  options: WorkOptions,
  surroundings: WorkSurroundings,
): Promise<WorkSummary> {
  const startedAtMs = performance.now();
  try {
    await using connection = await Connection.open(options.connection, surroundings.stop);
    const channel = await Channel.open(connection, { confirm: false }); // the worker closes it
    if (options.declare) await declareQueue(channel, options.queue);
    const handler = dotsHandler({ ...options, crash: surroundings.crash });
    return await runWorker(channel, {
      ...options,
      ...surroundings,
      queue: options.queue.name,
      handler,
    });
  } catch (failure) {
    const end = failure instanceof ConnectAborted
      ? { reason: surroundings.stop.reason as StopReason }
      : { reason: "error" as const, failure };
    const summary: WorkSummary = {
      ...end,
      done: 0,
      redelivered: 0,
      requeued: 0,
      unfinished: 0,
      unacked: 0,
      lost: 0,
      elapsedMs: performance.now() - startedAtMs,
    };
    surroundings.onEvent({ event: "stopped", summary });
    return summary;
  }
}
