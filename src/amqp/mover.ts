import { Buffer } from "node:buffer";
import type { Options } from "amqplib";
import { Channel, isChannelClosed } from "./channel.ts";
import { ConfirmWindow } from "./confirm_window.ts";
import type { Connection } from "./connection.ts";
import { withDeadline } from "./deadline.ts";
import type { Delivery, DeliveryProperties } from "./delivery.ts";
import {
  AmqpError,
  ChannelClosed,
  ConnectionLost,
  DeadlineExceeded,
  MessageNacked,
  MessageReturned,
  UnencodableMessage,
} from "./errors.ts";
import { encodableHeaders } from "./header_encoding.ts";
import { type HeaderChanges, movedProperties } from "./moved_properties.ts";

export interface MoverOptions {
  /** The work queue, from which messages are moved. */
  readonly queue: string;
  /** Who the connection belongs to: RabbitMQ lets nobody else be a message's `userId`. */
  readonly username: string;
  /** For each confirm, from its publish on; while the broker blocks publishers it is waited for. */
  readonly confirmTimeoutMs: number;
  /** Whether the broker has blocked the connection (`connection.blocked`). */
  readonly isBlocked?: () => boolean;
}

/** A publish that waits for its confirm. */
interface Unconfirmed {
  readonly queue: string;
  readonly resolve: () => void;
  readonly reject: (reason: AmqpError) => void;
}

/**
 * Moves messages to other queues: publishes a copy and waits until the broker has confirmed it. Only
 * then may its caller acknowledge the original, so that a crash can leave the message in both
 * places, never in neither.
 *
 * Any number may be on their way at the same time; those to one queue arrive there in the order of
 * the calls. The channel is opened for the first one, and opened again after the broker closed it.
 */
export class Mover implements AsyncDisposable {
  readonly #connect: () => Promise<Connection>;
  readonly #options: MoverOptions;
  #opening: Promise<OpenChannel> | undefined;

  /** @param connect gives the connection to publish on, when the first message is moved */
  constructor(connect: () => Promise<Connection>, options: MoverOptions) {
    this.#connect = connect;
    this.#options = options;
  }

  /**
   * Puts a copy of the message into the queue, as {@linkcode movedProperties} makes it; resolves
   * when the broker has taken responsibility for it. After a rejection the copy may be there or not,
   * unless the error is a {@linkcode PublishFailed}.
   *
   * @param changes headers that the copy gets, or loses where they are undefined
   * @throws {MessageReturned} there is no such queue
   * @throws {MessageNacked} the broker did not take it
   * @throws {UnencodableMessage} the client could not send it
   * @throws {ChannelClosed} the broker refused it, or another one meanwhile
   * @throws {ConnectionLost}
   * @throws {DeadlineExceeded} no confirm in time
   */
  move(delivery: Delivery, queue: string, changes: HeaderChanges = {}): Promise<void> {
    const { queue: from, username } = this.#options;
    const properties = movedProperties(delivery, { to: queue, from, username }, changes);
    return this.publish(queue, delivery.body, properties);
  }

  /** The same for a message with properties that are the caller's affair. */
  async publish(queue: string, body: Uint8Array, properties: DeliveryProperties): Promise<void> {
    const { confirmTimeoutMs, isBlocked } = this.#options;
    const channel = await this.#open();
    const confirmed = channel.publish(queue, body, properties);
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
    await channel?.close().catch(() => {}); // a broker that does not answer loses it with its connection
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #open(): Promise<OpenChannel> {
    this.#opening ??= (async () => {
      const forget = () => this.#opening = undefined;
      try {
        const channel = await Channel.open(await this.#connect(), { confirm: true });
        channel.ended.then(forget);
        return new OpenChannel(channel);
      } catch (error) {
        forget();
        throw error;
      }
    })();
    return this.#opening;
  }
}

/** One confirm channel, and what it has on its way. */
class OpenChannel {
  readonly #channel: Channel;
  readonly #window = new ConfirmWindow<Unconfirmed>();

  constructor(channel: Channel) {
    this.#channel = channel;
    channel.raw.on("ack", (ack) => {
      for (const { resolve } of this.#window.settle(ack.deliveryTag, ack)) resolve();
    });
    channel.raw.on("nack", (nack) => {
      for (const { queue, reject } of this.#window.settle(nack.deliveryTag, nack)) {
        reject(new MessageNacked(queue));
      }
    });
    channel.raw.on("return", ({ fields }) => {
      const { replyCode, replyText } = fields as unknown as MessageReturned["reply"] & object;
      this.#returned(fields.routingKey, { replyCode, replyText });
    });
    channel.ended.then((reason) => this.#fail(reason ?? new ChannelClosed("closed by worktool")));
  }

  publish(queue: string, body: Uint8Array, properties: DeliveryProperties): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    try {
      this.#channel.raw.publish("", queue, content, publishOptions(properties));
    } catch (error) {
      return this.#notSent(error);
    }
    this.#window.add({ queue, resolve, reject });
    return promise;
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  /** The channel has ended, which amqplib tells by refusing; anything else is the message's fault. */
  async #notSent(error: unknown): Promise<never> {
    const reason = await this.#channel.explain(error);
    if (reason instanceof AmqpError) throw reason;
    if (isChannelClosed(error)) {
      throw new ConnectionLost("the channel is closed", { cause: error });
    }
    throw new UnencodableMessage(error as Error);
  }

  /**
   * A return does not name the publish that it answers. That one and every other on its way to the
   * same queue count as failed: those before it were in the queue that is now gone, and those after
   * it, should somebody have declared the queue again, become duplicates.
   */
  #returned(queue: string, reply: { replyCode: number; replyText: string }): void {
    for (const unconfirmed of this.#window.all()) {
      if (unconfirmed.queue === queue) unconfirmed.reject(new MessageReturned(queue, reply));
    }
  }

  #fail(reason: AmqpError): void {
    for (const { reject } of this.#window.settle(0, { multiple: true })) reject(reason);
  }
}

function publishOptions({ headers = {}, ...properties }: DeliveryProperties): Options.Publish {
  return {
    ...properties,
    headers: encodableHeaders(headers),
    mandatory: true,
  } as Options.Publish;
}
