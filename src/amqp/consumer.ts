import type { ConsumeMessage } from "amqplib";
import type { Channel } from "./channel.ts";
import { ConsumerCancelled } from "./errors.ts";
import { Unsettled } from "./unsettled.ts";

/** A message as a consumer received it. */
export interface Delivery {
  readonly body: Uint8Array;
  /** Counts up from 1 on this channel. */
  readonly deliveryTag: number;
  /** The broker may have delivered it before, here or elsewhere. */
  readonly redelivered: boolean;
  readonly routingKey: string;
  readonly messageId?: string;
  /** Failed deliveries before this one; only quorum queues count them (`x-delivery-count`). */
  readonly deliveryCount?: number;
}

export interface ConsumerOptions {
  readonly queue: string;
  /** Readable in `rabbitmqctl list_consumers`; unique on its channel. */
  readonly consumerTag: string;
  /** Unacknowledged deliveries at the most, 0 to 65535; 0 is unlimited. Without effect with noAck. */
  readonly prefetchCount: number;
  /** AMQP's no-ack: the broker forgets a message as it sends it. */
  readonly noAck: boolean;
  /** Higher ones are served first while they have room (`x-priority`). */
  readonly priority?: number;
  readonly onDelivery: (delivery: Delivery) => void;
  /** The broker ended this consumer, as it does when the queue is deleted. */
  readonly onCancelled: (reason: ConsumerCancelled) => void;
}

/** A consumer on one queue; its deliveries are settled on the channel that they came by. */
export class Consumer {
  readonly #channel: Channel;
  readonly #consumerTag: string;
  #cancelling: Promise<void> | undefined;
  readonly #unsettled = new Unsettled();
  #cancelledByBroker = false;

  private constructor(channel: Channel, consumerTag: string) {
    this.#channel = channel;
    this.#consumerTag = consumerTag;
  }

  /**
   * Sets the prefetch and consumes.
   *
   * @throws {ChannelClosed} 404 without such a queue, 403 when another consumer holds it alone
   */
  static async start(channel: Channel, options: ConsumerOptions): Promise<Consumer> {
    const { queue, consumerTag, prefetchCount, noAck, priority } = options;
    const consumer = new Consumer(channel, consumerTag);
    await channel.request("basic.qos-ok", (raw) => raw.prefetch(prefetchCount));
    await channel.request("basic.consume-ok", (raw) =>
      raw.consume(
        queue,
        (message) => {
          if (message) {
            if (!noAck) consumer.#unsettled.delivered(message.fields.deliveryTag);
            options.onDelivery(deliveryOf(message));
          } else options.onCancelled(consumer.#brokerCancelled(queue));
        },
        { consumerTag, noAck, ...(priority === undefined ? {} : { priority }) },
      ));
    return consumer;
  }

  /**
   * `basic.ack`: done, the broker may forget them. What came together is acknowledged together,
   * which costs the broker less. False where the channel has ended: nothing was sent.
   */
  ack(deliveries: readonly Delivery[]): boolean {
    const tags = new Set(deliveries.map(({ deliveryTag }) => deliveryTag));
    const { upTo, single } = this.#unsettled.acknowledge(tags);
    return this.#send((raw) => {
      if (upTo > 0) raw.ack(amqplibMessage(upTo), true);
      for (const tag of single) raw.ack(amqplibMessage(tag));
    });
  }

  /**
   * `basic.nack` with requeue for all that is not settled: back to their places in the queue, with
   * one frame, because RabbitMQ takes minutes for a hundred thousand. False where that cannot be:
   * the channel has ended, or the broker ended the consumer, most likely because the queue is gone.
   */
  requeueAll(): boolean {
    return !this.#cancelledByBroker && this.#send((raw) => raw.nackAll(true));
  }

  /** Ends deliveries; those already received can still be settled. Idempotent. */
  cancel(): Promise<void> {
    this.#cancelling ??= this.#channel
      .request("basic.cancel-ok", (raw) => raw.cancel(this.#consumerTag))
      .then(() => {});
    return this.#cancelling;
  }

  #brokerCancelled(queue: string): ConsumerCancelled {
    this.#cancelledByBroker = true;
    this.#cancelling ??= Promise.resolve();
    return new ConsumerCancelled(`the broker ended the consumer of queue '${queue}'`);
  }

  /** A settlement for a channel that is gone has no meaning: the broker has requeued the message. */
  #send(settle: (raw: Channel["raw"]) => void): boolean {
    try {
      settle(this.#channel.raw);
      return true;
    } catch (error) {
      if ((error as Error).name === "IllegalOperationError") return false;
      throw error;
    }
  }
}

function deliveryOf({ fields, properties, content }: ConsumeMessage): Delivery {
  const count = properties.headers?.["x-delivery-count"];
  return {
    body: content,
    deliveryTag: fields.deliveryTag,
    redelivered: fields.redelivered,
    routingKey: fields.routingKey,
    ...(typeof properties.messageId === "string" ? { messageId: properties.messageId } : {}),
    ...(typeof count === "number" ? { deliveryCount: count } : {}),
  };
}

/** amqplib settles by message but reads nothing of it save the tag. */
function amqplibMessage(deliveryTag: number): ConsumeMessage {
  return { fields: { deliveryTag } } as ConsumeMessage;
}
