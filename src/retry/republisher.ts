import { setTimeout } from "node:timers/promises";
import { Channel } from "../amqp/channel.ts";
import { ConfirmedPublisher } from "../amqp/confirmed_publisher.ts";
import type { Connection } from "../amqp/connection.ts";
import { withDeadline } from "../amqp/deadline.ts";
import type { Delivery, DeliveryProperties } from "../amqp/delivery.ts";
import { DeadlineExceeded, MessageNacked } from "../amqp/errors.ts";
import type { PublishOptions } from "../amqp/publisher.ts";
import { REFUSED_AGAIN_AFTER_MS } from "../amqp/refused_again.ts";
import { type HeaderChanges, republishedProperties } from "./republished_properties.ts";

export interface RepublisherOptions extends Pick<PublishOptions, "confirmTimeoutMs"> {
  /** The work queue, from which messages are moved. */
  readonly queue: string;
  /** Who the connection belongs to: RabbitMQ lets nobody else be a message's `userId`. */
  readonly username: string;
  /**
   * Whether the broker has blocked the connection (`connection.blocked`): no confirm is overdue
   * meanwhile.
   */
  readonly isBlocked?: () => boolean;
  /** Whether messages go to quorum queues: one that is new may refuse at first. */
  readonly isQuorum?: () => Promise<boolean>;
}

/**
 * Moves messages to other queues: publishes a copy and waits until the broker has confirmed it.
 * Only then may its caller acknowledge the original, so that a crash can leave the message in both
 * places, never in neither.
 *
 * Any number may be on their way at the same time; those to one queue arrive there in the order of
 * the calls, but for those that the broker takes at a later try. The channel is opened for the
 * first one, and opened again after the broker closed it.
 */
export class Republisher implements AsyncDisposable {
  readonly #connect: () => Promise<Connection>;
  readonly #options: RepublisherOptions;
  #opening: Promise<ConfirmedPublisher> | undefined;

  /** @param connect gives the connection to publish on, when the first message is moved */
  constructor(connect: () => Promise<Connection>, options: RepublisherOptions) {
    this.#connect = connect;
    this.#options = options;
  }

  /**
   * Puts a copy of the message into the queue, as {@linkcode republishedProperties} makes it;
   * resolves when the broker has taken responsibility for it. After a rejection the copy may be
   * there or not, unless the error is a {@linkcode PublishFailed}.
   *
   * @param changes headers that the copy gets, or loses where they are undefined
   * @throws {MessageReturned} there is no such queue
   * @throws {MessageNacked} the broker did not take it, nor at a later try
   * @throws {UnencodableMessage} the client could not send it
   * @throws {ChannelClosed} the broker refused it, or another one meanwhile
   * @throws {ConnectionLost}
   * @throws {DeadlineExceeded} no confirm in time
   */
  republish(delivery: Delivery, queue: string, changes: HeaderChanges = {}): Promise<void> {
    const { queue: from, username } = this.#options;
    const properties = republishedProperties(delivery, { to: queue, from, username }, changes);
    return this.publish(queue, delivery.body, properties);
  }

  /** The same for a message with properties that are the caller's affair. */
  async publish(queue: string, body: Uint8Array, properties: DeliveryProperties): Promise<void> {
    const { isQuorum } = this.#options;
    const channel = await this.#open();
    const publish = () => this.#confirmed(channel.publish(queue, body, properties));
    for (const pauseMs of REFUSED_AGAIN_AFTER_MS) {
      try {
        return await publish();
      } catch (error) {
        if (!(error instanceof MessageNacked && await isQuorum?.())) throw error;
      }
      // Where the channel ends meanwhile, the next publish says so.
      await Promise.race([setTimeout(pauseMs, undefined, { ref: false }), channel.ended]);
    }
    return await publish();
  }

  async #confirmed(confirmed: Promise<void>): Promise<void> {
    const { confirmTimeoutMs, isBlocked } = this.#options;
    for (;;) {
      try {
        return await withDeadline("publisher confirm", confirmTimeoutMs, confirmed);
      } catch (error) {
        if (!(error instanceof DeadlineExceeded && isBlocked?.())) throw error;
      }
    }
  }

  /** Closes the channel; what is on its way is then rejected. Idempotent. */
  async close(): Promise<void> {
    const channel = await this.#opening?.catch(() => undefined);
    await channel?.close().catch(() => {}); // where no answer comes, it ends with its connection
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): Promise<ConfirmedPublisher> {
    this.#opening ??= (async () => {
      const forget = () => this.#opening = undefined;
      try {
        const channel = await Channel.open(await this.#connect(), { confirm: true });
        channel.ended.then(forget);
        return new ConfirmedPublisher(channel);
      } catch (error) {
        forget();
        throw error;
      }
    })();
    return this.#opening;
  }
}
