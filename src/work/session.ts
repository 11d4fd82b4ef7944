import { setTimeout } from "node:timers/promises";
import { Channel } from "../amqp/channel.ts";
import type { Cluster, OpenOptions } from "../amqp/cluster.ts";
import type { Connection } from "../amqp/connection.ts";
import { type ConsumeOptions, Consumer } from "../amqp/consumer.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { type ConsumerCancelled, DeliveriesReleased } from "../amqp/errors.ts";
import { queueDepth, queueExists } from "../amqp/queue.ts";
import type { TaskQueue } from "../amqp/task_queue.ts";
import { FailedTasks, type RetryPolicy } from "../retry/failed_tasks.ts";
import type { UsedRetryQueues } from "../retry/retry_queues.ts";

/** A broker that blocks publishers must not hold up a stop. */
const REPUBLISH_MS = 2_000;

export interface SessionOptions {
  readonly connection: Cluster;
  readonly queue: TaskQueue;
  /** With a consumer timeout, the broker is asked for it where it can be asked. */
  readonly consume: ConsumeOptions;
  /** What becomes of failed tasks; undefined where none can fail, because there is no command. */
  readonly retry?: RetryPolicy;
  /** Shared by the sessions of a run. */
  readonly usedRetryQueues: UsedRetryQueues;
}

/**
 * One connection's worth of consuming. Its deliveries can be settled here and nowhere else: when it
 * ends, the broker delivers again what was not settled.
 */
export class Session implements AsyncDisposable {
  /** Settles with the reason when the session can be used no more; undefined after `close`. */
  readonly ended: Promise<unknown>;
  /** Started and not settled yet, in the order of their delivery. */
  readonly started = new Set<Delivery>();
  readonly failedTasks: FailedTasks | undefined;
  /** Whether a task may take longer than this broker waits, and cannot be asked to. */
  readonly mayOutlastBroker: boolean;
  readonly #connection: Connection;
  readonly #channel: Channel;
  readonly #queue: string;
  readonly #end: (reason: unknown) => void;
  readonly #consumer: Consumer;
  #alive = true;
  #assuring: Promise<void> | undefined;

  private constructor(
    connection: Connection,
    channel: Channel,
    options: SessionOptions,
    onDelivery: (session: Session, delivery: Delivery) => void,
  ) {
    const { queue, consume, retry, usedRetryQueues } = options;
    this.#connection = connection;
    this.#channel = channel;
    this.#queue = queue.name;
    this.failedTasks = retry &&
      new FailedTasks(connection, {
        policy: retry,
        queue,
        worker: consume.consumerTag,
        isolatesLastAttempt: consume.prefetchCount !== 1,
        usedRetryQueues,
      });
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.ended = promise;
    this.#end = (reason) => {
      this.#alive = false;
      resolve(reason);
    };
    channel.ended.then(this.#end);
    const { consumerTimeoutMs, ...withoutTimeout } = consume;
    this.mayOutlastBroker = consumerTimeoutMs !== undefined && !connection.grantsConsumerTimeout;
    this.#consumer = new Consumer(channel, {
      queue: queue.name,
      consume: this.mayOutlastBroker ? withoutTimeout : consume,
      onDelivery: (delivery) => onDelivery(this, delivery),
      onCancelled: (reason) => void this.#endCancelled(reason),
    });
  }

  /**
   * Connects, takes the queue and consumes. The first deliveries may arrive before it returns.
   *
   * @throws {AmqpError} as Cluster.open, TaskQueue.take and Consumer.start do
   */
  static async open(
    options: SessionOptions,
    openOptions: OpenOptions,
    onDelivery: (session: Session, delivery: Delivery) => void,
  ): Promise<Session> {
    return await options.connection.open(async (connection) => {
      const [channel] = await Promise.all([
        Channel.open(connection, { confirm: false }),
        options.queue.take(connection),
      ]);
      const session = new Session(connection, channel, options, onDelivery);
      await session.failedTasks?.prepare();
      await session.#consumer.start();
      return session;
    }, openOptions);
  }

  /**
   * The broker has taken everything back: because the queue is gone, or because a task took too
   * long.
   */
  async #endCancelled(reason: ConsumerCancelled): Promise<void> {
    this.#alive = false;
    const exists = await queueExists(this.#connection, this.#queue).catch(() => false);
    this.#end(exists ? new DeliveriesReleased(reason.message) : reason);
  }

  /** Ends the session from here: something of it does not work. */
  fail(reason: unknown): void {
    this.#end(reason);
  }

  /** False once `ended` has settled: what was delivered here is not ours any more. */
  get alive(): boolean {
    return this.#alive;
  }

  /**
   * What to wait for before something is settled: after a standstill of this process the session
   * may have ended without anyone here knowing. Undefined while nothing speaks against it.
   */
  assured(): Promise<void> | undefined {
    const { pulse } = this.#connection;
    if (!this.#alive || !pulse.missed) return undefined;
    return this.#assuring ??= this.settled()
      .then(() => pulse.trust(), (failure) => this.fail(failure))
      .finally(() => this.#assuring = undefined);
  }

  /** `basic.ack`; false where the session has ended. */
  ack(deliveries: readonly Delivery[]): boolean {
    return this.#alive && this.#consumer.ack(deliveries);
  }

  /** `basic.reject` without requeue; false where the session has ended. */
  reject(delivery: Delivery): boolean {
    return this.#alive && this.#consumer.reject(delivery);
  }

  /**
   * Republishes tasks that were not tried to the tail of their queue, in their order. `basic.nack`
   * would count as an attempt, as it looks the same as the death of a worker: a few restarts would
   * use up all attempts of a task that was never run.
   *
   * @returns those that are back; none where attempts are not counted
   */
  async republishToTail(deliveries: readonly Delivery[]): Promise<ReadonlySet<Delivery>> {
    const back = new Set<Delivery>();
    const { failedTasks } = this;
    if (!this.#alive || !failedTasks?.counts) return back;
    const moves = deliveries.map(async (delivery) => {
      await failedTasks.recount(delivery);
      back.add(delivery);
    });
    const late = setTimeout(REPUBLISH_MS, undefined, { ref: false });
    await Promise.race([Promise.allSettled(moves), late]);
    const inTime = new Set(back);
    this.ack([...inTime]);
    return inTime;
  }

  /** `basic.nack` with requeue for all that is not settled; false where the session has ended. */
  requeueAll(): boolean {
    return this.#alive && this.#consumer.requeueAll();
  }

  /** Resolves when the broker has handled all settlements so far. @throws {AmqpError} */
  async settled(): Promise<void> {
    await this.#consumer.settled();
  }

  /** Ends deliveries, or lets them go on; undefined where they go on anyway. */
  setConsuming(wanted: boolean): Promise<void> | undefined {
    return wanted ? this.#consumer.resume() : this.#consumer.cancel();
  }

  /**
   * Tasks ready in the queue; undefined where the broker cannot know. A node that is cut off from
   * the leader of a quorum queue answers with no tasks, but with no consumers either, and we are
   * one.
   */
  async ready(): Promise<number | undefined> {
    const { ready, consumers } = await queueDepth(this.#channel, this.#queue);
    return consumers === 0 && this.#consumer.consuming ? undefined : ready;
  }

  /** Whatever is left to be said has so long, by `performance.now()`; then the session ends. */
  leaveBy(atMs: number): void {
    this.#connection.leaveBy(atMs);
    this.failedTasks?.leaveBy(atMs);
  }

  /**
   * Closes in order: when it returns, the broker has handled all settlements. @throws {AmqpError}
   */
  async close(): Promise<void> {
    await this.#channel.close();
    await this[Symbol.asyncDispose]();
  }

  /** Lets go of what is left after a failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#connection.close(), this.failedTasks?.[Symbol.asyncDispose]()]);
  }
}
