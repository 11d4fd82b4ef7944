import type { ConsumeMessage } from "amqplib";
import { type Channel, isChannelClosed } from "./channel.ts";
import { type Delivery, deliveryOf } from "./delivery.ts";
import { ConsumerCancelled } from "./errors.ts";
import { Unacknowledged } from "./unacknowledged.ts";

/** What `basic.qos` and `basic.consume` say. */
export interface ConsumeOptions {
  /** Readable in `rabbitmqctl list_consumers`; unique on its channel. */
  readonly consumerTag: string;
  /**
   * Unacknowledged deliveries at the most, 0 to 65535; 0 is unlimited. Without effect with noAck.
   */
  readonly prefetchCount: number;
  /** AMQP's no-ack: the broker forgets a message as it sends it. */
  readonly noAck: boolean;
  /** Higher ones are served first while they have room (`x-priority`). */
  readonly priority?: number;
  /**
   * How long a delivery may stay unacknowledged; the broker's own limit unless given
   * (`x-consumer-timeout`: RabbitMQ 4.3, quorum queues; others ignore it).
   */
  readonly consumerTimeoutMs?: number;
}

export interface ConsumerOptions {
  readonly queue: string;
  readonly consume: ConsumeOptions;
  readonly onDelivery: (delivery: Delivery) => void;
  /** The broker ended this consumer, as it does when the queue is deleted. */
  readonly onCancelled: (reason: ConsumerCancelled) => void;
}

/** A consumer on one queue; its deliveries are settled on the channel that they came by. */
export class Consumer {
  readonly #channel: Channel;
  readonly #options: ConsumerOptions;
  readonly #unacknowledged = new Unacknowledged();
  #cancelling: Promise<void> | undefined;
  #cancelledByBroker = false;

  constructor(channel: Channel, options: ConsumerOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  /**
   * Sets the prefetch and consumes. The first deliveries may arrive before it returns.
   *
   * @throws {ChannelClosed} 404 without such a queue, 403 when another consumer holds it alone
   */
  async start(): Promise<void> {
    const { prefetchCount } = this.#options.consume;
    await this.#channel.request("basic.qos-ok", (raw) => raw.prefetch(prefetchCount));
    await this.#consume();
  }

  /**
   * `basic.ack`: done, the broker may forget them. What came together is acknowledged together,
   * which costs the broker less. False where the channel has ended: nothing was sent.
   */
  ack(deliveries: readonly Delivery[]): boolean {
    const tags = deliveries.map(({ deliveryTag }) => deliveryTag);
    const { upTo, single } = this.#unacknowledged.acknowledge(tags);
    return this.#send((raw) => {
      if (upTo > 0) raw.ack(amqplibMessage(upTo), true);
      for (const tag of single) raw.ack(amqplibMessage(tag));
    });
  }

  /**
   * `basic.reject` without requeue: the queue dead-letters it, or drops it where it is not set up
   * to. False where the channel has ended: nothing was sent.
   */
  reject(delivery: Delivery): boolean {
    this.#unacknowledged.settled(delivery.deliveryTag);
    return this.#send((raw) => raw.reject(amqplibMessage(delivery.deliveryTag), false));
  }

  /**
   * `basic.nack` with requeue for all that is not settled: back to their places in the queue, with
   * one frame, because RabbitMQ takes minutes for a hundred thousand. False where that cannot be:
   * the channel has ended, or the broker ended the consumer, most likely because the queue is gone.
   */
  requeueAll(): boolean {
    return !this.#cancelledByBroker && this.#send((raw) => raw.nackAll(true));
  }

  /** Resolves when the broker has handled all settlements so far. @throws as `start` does */
  async settled(): Promise<void> {
    // The same prefetch again changes nothing, and its answer comes after them.
    const { prefetchCount } = this.#options.consume;
    await this.#channel.request("basic.qos-ok", (raw) => raw.prefetch(prefetchCount));
  }

  /** Ends deliveries; those already received can still be settled. Idempotent. */
  cancel(): Promise<void> {
    this.#cancelling ??= this.#channel
      .request("basic.cancel-ok", (raw) => raw.cancel(this.#options.consume.consumerTag))
      .then(() => {});
    return this.#cancelling;
  }

  /** Whether the broker may deliver: it was neither cancelled here nor there. */
  get consuming(): boolean {
    return this.#cancelling === undefined;
  }

  /** Consumes again after {@linkcode cancel}; undefined where it does so anyway, or never will. */
  resume(): Promise<void> | undefined {
    const cancelled = this.#cancelling;
    if (!cancelled || this.#cancelledByBroker) return undefined;
    this.#cancelling = undefined;
    return cancelled.then(() => this.#consume());
  }

  async #consume(): Promise<void> {
    const { queue, consume, onDelivery, onCancelled } = this.#options;
    const { consumerTag, noAck, priority, consumerTimeoutMs } = consume;
    await this.#channel.request("basic.consume-ok", (raw) =>
      raw.consume(
        queue,
        (message) => {
          if (!message) return onCancelled(this.#brokerCancelled());
          if (!noAck) this.#unacknowledged.delivered(message.fields.deliveryTag);
          onDelivery(deliveryOf(message));
        },
        {
          consumerTag,
          noAck,
          ...(priority === undefined ? {} : { priority }),
          ...(consumerTimeoutMs === undefined
            ? {}
            : { arguments: { "x-consumer-timeout": consumerTimeoutMs } }),
        },
      ));
  }

  #brokerCancelled(): ConsumerCancelled {
    this.#cancelledByBroker = true;
    this.#cancelling ??= Promise.resolve();
    return new ConsumerCancelled(`the broker ended the consumer of queue '${this.#options.queue}'`);
  }

  /**
   * A settlement for a channel that is gone has no meaning: the broker has requeued the message.
   */
  #send(settle: (raw: Channel["raw"]) => void): boolean {
    try {
      settle(this.#channel.raw);
      return true;
    } catch (error) {
      if (isChannelClosed(error)) return false;
      throw error;
    }
  }
}

/** amqplib settles by message but reads nothing of it save the tag. */
function amqplibMessage(deliveryTag: number): ConsumeMessage {
  return { fields: { deliveryTag } } as ConsumeMessage;
}
