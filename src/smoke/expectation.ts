import { Buffer } from "node:buffer";
import { setTimeout } from "node:timers/promises";
import { Channel } from "../amqp/channel.ts";
import type { Cluster } from "../amqp/cluster.ts";
import { Consumer } from "../amqp/consumer.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { type Readiness, untilReady } from "./readiness.ts";

/** Tasks that are to arrive. */
export interface ExpectationOptions {
  readonly connection: Cluster;
  readonly queue: string;
  readonly count: number;
  /** Found in the body, read as UTF-8. */
  readonly match: RegExp | undefined;
  /** All of them, with these values as text. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long to wait, for the queue too, in milliseconds. */
  readonly withinMs: number;
  /** Leave all tasks in the queue. */
  readonly keep: boolean;
  readonly consumerTag: string;
}

export interface ExpectationContext {
  readonly stop: AbortSignal;
  readonly onMatched: (delivery: Delivery) => void;
}

/** What came of it. */
export interface ExpectationResult {
  readonly matched: number;
  /** Arrived and did not match. */
  readonly others: number;
  /** The first of those. */
  readonly samples: readonly Delivery[];
  /** Why there was nothing to consume. */
  readonly obstacle?: Exclude<Readiness, { kind: "ready" }>;
}

/** How many tasks that do not match are remembered. */
const SAMPLES = 5;

/**
 * Waits until so many matching tasks have arrived, and takes those out of the queue. All others go
 * back to their places; and so does everything where too few came, so that nothing is lost for a
 * second look.
 *
 * @throws {AmqpError} the connection was lost, or the broker refused it
 */
export async function expectTasks(
  options: ExpectationOptions,
  { stop, onMatched }: ExpectationContext,
): Promise<ExpectationResult> {
  const { connection: cluster, queue, count, keep, consumerTag } = options;
  const endMs = performance.now() + options.withinMs;
  const readiness = await untilReady(
    { connection: cluster, queue, consumers: 0, forMs: options.withinMs },
    { stop, onWaiting: () => {} },
  );
  if (readiness.kind !== "ready") {
    return { matched: 0, others: 0, samples: [], obstacle: readiness };
  }
  await using connection = await cluster.connect({ stop });
  const channel = await Channel.open(connection, { confirm: false });
  const matched: Delivery[] = [];
  const samples: Delivery[] = [];
  let others = 0;
  const { promise: over, resolve, reject } = Promise.withResolvers<void>();
  const consumer = new Consumer(channel, {
    queue,
    // All that is there: what does not match is held until the end, or it would come again.
    consume: { consumerTag, prefetchCount: 0, noAck: false },
    onDelivery(delivery) {
      if (matched.length === count) return;
      if (isExpected(delivery, options)) {
        matched.push(delivery);
        onMatched(delivery);
        if (matched.length === count) resolve();
      } else if (others++ < SAMPLES) samples.push(delivery);
    },
    onCancelled: reject,
  });
  void channel.ended.then((failure) => failure && reject(failure));
  await consumer.start();
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  const late = setTimeout(Math.max(0, endMs - performance.now()), undefined, { signal });
  await Promise.race([over, late.catch(() => {})]) // a stop
    .finally(() => ended.abort());
  await consumer.cancel();
  if (matched.length === count && !keep) consumer.ack(matched);
  consumer.requeueAll();
  await channel.close();
  return { matched: matched.length, others, samples };
}

function isExpected(
  { body, properties: { headers = {} } }: Delivery,
  { match, headers: wanted }: Pick<ExpectationOptions, "match" | "headers">,
): boolean {
  const { buffer, byteOffset, byteLength } = body;
  const hasHeaders = Object.entries(wanted).every(([name, value]) =>
    name in headers && String(headers[name]) === value
  );
  return hasHeaders &&
    (match === undefined || match.test(Buffer.from(buffer, byteOffset, byteLength).toString()));
}
