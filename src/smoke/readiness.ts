import { setTimeout } from "node:timers/promises";
import type { Cluster } from "../amqp/cluster.ts";
import type { Connection } from "../amqp/connection.ts";
import { channelReplyCode, ConnectAborted } from "../amqp/errors.ts";
import { type QueueDepth, queueDepth } from "../amqp/queue.ts";
import { canHeal, lastTryMs } from "../amqp/reconnection.ts";
import { NOT_FOUND } from "../amqp/reply_code.ts";
import { withChannel } from "../amqp/with_channel.ts";

/** What has to be there. */
export interface ReadinessOptions {
  readonly connection: Cluster;
  /** Undefined: a broker that lets the user into the virtual host is enough. */
  readonly queue: string | undefined;
  /** At least so many consumers of the queue. */
  readonly consumers: number;
  /** How long to try, in milliseconds; 0 looks once. */
  readonly forMs: number;
}

export interface ReadinessContext {
  readonly stop: AbortSignal;
  /** Told whenever it is something else that is waited for. */
  readonly onWaiting: (obstacle: Obstacle) => void;
}

/** Why it is not ready. */
export type Obstacle =
  /** There is no connection: an error of the folder amqp. */
  | { readonly kind: "failure"; readonly failure: unknown }
  | { readonly kind: "no queue" }
  | { readonly kind: "consumers"; readonly consumers: number };

/** How the wait ended. */
export type Readiness =
  /** `depth` of the queue, where one was asked for. */
  | { readonly kind: "ready"; readonly depth: QueueDepth | undefined }
  /** Time is over, or no waiting helps. */
  | { readonly kind: "not ready"; readonly obstacle: Obstacle }
  | { readonly kind: "stopped" };

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Waits until the broker is of use: not until its port is open, but until it has answered the
 * handshake, taken the login, let the user into the virtual host, and has the queue with its
 * consumers.
 *
 * What no waiting heals ends the wait at once: a wrong password, a certificate, a right that is
 * missing. A virtual host may still be made.
 */
export async function untilReady(
  options: ReadinessOptions,
  { stop, onWaiting }: ReadinessContext,
): Promise<Readiness> {
  const pauses = new Pauses(options.forMs);
  for (;;) {
    let obstacle: Obstacle;
    try {
      await using connection = await options.connection.connect({ stop, limitMs: pauses.limitMs });
      for (;;) {
        const looked = await look(connection, options);
        if (looked.kind === "ready") return looked;
        onWaiting(obstacle = looked.obstacle);
        if (!await pauses.next(stop)) break;
      }
    } catch (failure) {
      if (stop.aborted || failure instanceof ConnectAborted) return { kind: "stopped" };
      obstacle = { kind: "failure", failure };
      if (!canHeal(failure, { usedBefore: true })) return { kind: "not ready", obstacle };
      onWaiting(obstacle);
      if (await pauses.next(stop)) continue;
    }
    return stop.aborted ? { kind: "stopped" } : { kind: "not ready", obstacle };
  }
}

/** @throws {AmqpError} but for a queue that is missing */
async function look(
  connection: Connection,
  { queue, consumers }: ReadinessOptions,
): Promise<Exclude<Readiness, { kind: "stopped" }>> {
  if (queue === undefined) return { kind: "ready", depth: undefined };
  try {
    const depth = await withChannel(connection, (channel) => queueDepth(channel, queue));
    if (depth.consumers >= consumers) return { kind: "ready", depth };
    const obstacle = { kind: "consumers", consumers: depth.consumers } as const;
    return { kind: "not ready", obstacle };
  } catch (error) {
    if (channelReplyCode(error) !== NOT_FOUND) throw error;
    return { kind: "not ready", obstacle: { kind: "no queue" } };
  }
}

/** The pauses between two looks, longer and longer, within a given time. */
class Pauses {
  readonly #forMs: number;
  readonly #endMs: number;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(forMs: number) {
    this.#forMs = forMs;
    this.#endMs = performance.now() + forMs;
  }

  /** How long a try may take, in milliseconds; Infinity for a single one. */
  get limitMs(): number {
    return this.#forMs === 0 ? Infinity : Math.max(1, this.#endMs - performance.now());
  }

  /** Pauses. @returns false at once where no time is left, or after a stop */
  async next(stop: AbortSignal): Promise<boolean> {
    const leftMs = this.#endMs - lastTryMs(this.#forMs) - performance.now();
    if (leftMs <= 0 || stop.aborted) return false;
    const pauseMs = Math.min(this.#pauseMs, leftMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    await setTimeout(pauseMs, undefined, { signal: stop }).catch(() => {}); // a stop
    return !stop.aborted;
  }
}
