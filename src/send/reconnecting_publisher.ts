import { setTimeout } from "node:timers/promises";
import { Channel } from "../amqp/channel.ts";
import type { Cluster } from "../amqp/cluster.ts";
import { type Connection, GOODBYE_MS } from "../amqp/connection.ts";
import { AmqpError, DeadlineExceeded } from "../amqp/errors.ts";
import { mustBeSendable } from "../amqp/header_size.ts";
import {
  type OutgoingMessage,
  Publisher,
  type PublishOptions,
  type PublishOutcome,
} from "../amqp/publisher.ts";
import type { QueueDeclaration } from "../amqp/queue.ts";
import { REFUSED_AGAIN_AFTER_MS } from "../amqp/refused_again.ts";
import { Reconnection, type ReconnectionOptions } from "../amqp/reconnection.ts";
import { type QueueRequest, TaskQueue } from "../amqp/task_queue.ts";

export interface ReconnectingPublisherOptions {
  readonly connection: Cluster;
  readonly reconnection: ReconnectionOptions;
  readonly queue: QueueRequest;
  readonly publish: PublishOptions;
  /** Ends attempts to connect, and soon after that a connection that does not answer. */
  readonly stop: AbortSignal;
  /** As `TaskQueue` tells it. */
  readonly onFound: (queue: QueueDeclaration) => void;
  /** As `Publisher` tells it; of the rest {@linkcode onUnknown} does. */
  readonly onOutcome: (message: OutgoingMessage, outcome: PublishOutcome) => void;
  readonly onReconnecting: (failure: unknown, delayMs: number) => void;
  /** @param again how many messages are published again, with the same ids */
  readonly onReconnected: (again: number) => void;
  /** Nobody can tell what became of it. */
  readonly onUnknown: (message: OutgoingMessage) => void;
}

/**
 * Publishes over whatever connection there is: after a loss it connects again, and publishes again
 * what was not confirmed. What a quorum queue refuses from the start is published again too: it may
 * be new (`REFUSED_AGAIN_AFTER_MS`). Used by one caller, one call at a time.
 */
export class ReconnectingPublisher implements AsyncDisposable {
  readonly #options: ReconnectingPublisherOptions;
  readonly #reconnection: Reconnection;
  readonly #queue: TaskQueue;
  #connection: Connection | undefined;
  #publisher: Publisher | undefined;
  #sent = 0;
  #resent = 0;
  /** How often in a row a confirm was overdue, with nothing settled in between. */
  #overdue = 0;
  /** Refused, and to be published again. */
  readonly #refused: OutgoingMessage[] = [];
  /** Pauses that are left for that, in milliseconds; none once the queue has taken something. */
  readonly #pausesMs: number[];
  /** Why it was given up. */
  #failure: unknown;

  constructor(options: ReconnectingPublisherOptions) {
    this.#options = options;
    this.#reconnection = new Reconnection(options.reconnection);
    const { queue, onFound } = options;
    this.#queue = new TaskQueue(queue, { onFound });
    const quorum = queue.arguments["x-queue-type"] === "quorum";
    this.#pausesMs = quorum ? [...REFUSED_AGAIN_AFTER_MS] : [];
    const leave = () => this.#connection?.leaveBy(performance.now() + GOODBYE_MS);
    options.stop.addEventListener("abort", leave, { once: true });
  }

  /** Different messages handed over so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Messages published again, which the broker may have twice. */
  get resent(): number {
    return this.#resent;
  }

  /** Opens the first connection. @throws {AmqpError} none could be opened, or used */
  async open(): Promise<void> {
    try {
      await this.#connect();
    } catch (failure) {
      await this.#recover(failure, []);
    }
  }

  /**
   * Publishes one message. Returns a promise to wait for before the next call where there is no
   * room, and nothing where there is.
   *
   * @throws {AmqpError} at once or by the promise: the connection is lost for good
   */
  publish(message: OutgoingMessage): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#refused.length > 0) return this.#publishRefused().then(() => this.publish(message));
    let full;
    try {
      full = this.#publisher!.publish(message);
    } catch (failure) {
      if (!(failure instanceof AmqpError)) throw failure;
      return this.#recover(failure, [message]);
    }
    this.#sent++;
    return full?.catch((failure) => this.#recover(failure, []));
  }

  /** Waits until the broker has settled all that was published. @throws {AmqpError} as `publish` */
  async settled(): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await this.#publisher?.settled();
      } catch (failure) {
        await this.#recover(failure, []);
        continue;
      }
      if (this.#refused.length === 0) return;
      await this.#publishRefused();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.close();
  }

  async #connect(): Promise<void> {
    const { connection: cluster, queue, publish, stop, onOutcome } = this.#options;
    const { limitMs } = this.#reconnection;
    const { connection, channel } = await cluster.open(async (connection) => {
      mustBeSendable(publish.properties, connection.frameMaxBytes);
      // At the same time, for the sake of round trips. The channel is closed with its connection:
      // by then every publish is settled, or will not be.
      const [channel] = await Promise.all([
        Channel.open(connection, { confirm: publish.confirm }),
        this.#queue.take(connection),
      ]);
      return { connection, channel };
    }, { stop, limitMs });
    this.#connection = connection;
    this.#publisher = new Publisher(channel, {
      queue: queue.name,
      publish,
      onOutcome: (message, outcome) => {
        this.#overdue = 0;
        if (outcome.kind === "confirmed") this.#pausesMs.length = 0;
        const again = outcome.kind === "refused" && outcome.nacked && this.#pausesMs.length > 0;
        if (again) this.#refused.push(message);
        else onOutcome(message, outcome);
      },
    });
    this.#reconnection.succeeded();
  }

  /** In their order, after a pause. @throws {AmqpError} as `publish` */
  async #publishRefused(): Promise<void> {
    const { stop } = this.#options;
    await setTimeout(this.#pausesMs.shift(), undefined, { signal: stop }).catch(() => {});
    const messages = this.#refused.splice(0);
    if (stop.aborted) return this.#tellRefused(messages);
    try {
      await this.#publishAll(messages, () => {});
    } catch (failure) {
      this.#refused.unshift(...messages);
      await this.#recover(failure, []);
    }
  }

  #tellRefused(messages: readonly OutgoingMessage[]): void {
    const outcome = { kind: "refused", nacked: true } as const;
    for (const message of messages) this.#options.onOutcome(message, outcome);
  }

  /** @param fresh messages that were never handed over */
  async #recover(failure: unknown, fresh: OutgoingMessage[]): Promise<void> {
    const reconnects = this.#publisher !== undefined;
    const again = this.#publisher?.takeUnconfirmed() ?? [];
    try {
      for (;;) {
        await this.#pauseAfter(failure);
        try {
          await this.#connect();
          if (reconnects) this.#options.onReconnected(again.length);
          await this.#publishAll(again, () => this.#resent++);
          return await this.#publishAll(fresh, () => this.#sent++);
        } catch (error) {
          if (!(error instanceof AmqpError)) throw error;
          failure = error;
          again.unshift(...this.#publisher?.takeUnconfirmed() ?? []);
        }
      }
    } catch (error) {
      this.#failure = error;
      this.#tellRefused(this.#refused.splice(0));
      for (const message of again) this.#options.onUnknown(message);
      throw error;
    }
  }

  /** Takes each message out of the list as it is handed over. */
  async #publishAll(messages: OutgoingMessage[], onTaken: () => void): Promise<void> {
    while (messages.length > 0) {
      const full = this.#publisher!.publish(messages[0]!);
      messages.shift();
      onTaken();
      if (full) await full;
    }
  }

  /** Waits until it is time to connect again. @throws the failure where that cannot help */
  async #pauseAfter(failure: unknown): Promise<void> {
    const { connection, stop, onReconnecting } = this.#options;
    // A node that is cut off from its cluster takes tasks and confirms none: another one may. When
    // each has had its time, it is no matter of the node.
    const overdue = failure instanceof DeadlineExceeded && failure.awaited === "publisher confirm";
    if (overdue) this.#overdue++;
    const hopeless = stop.aborted || this.#overdue >= connection.size;
    const delayMs = hopeless ? undefined : this.#reconnection.delayAfter(failure, Math.random());
    if (delayMs === undefined) throw failure;
    onReconnecting(failure, delayMs);
    await this.#connection?.close();
    await setTimeout(delayMs, undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) throw failure;
  }
}
