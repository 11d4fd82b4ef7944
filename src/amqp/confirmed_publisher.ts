import { Buffer } from "node:buffer";
import type { Options } from "amqplib";
import { type Channel, isChannelClosed } from "./channel.ts";
import { ConfirmChannel } from "./confirm_channel.ts";
import type { DeliveryProperties } from "./delivery.ts";
import {
  AmqpError,
  type BrokerReply,
  ChannelClosed,
  ConnectionLost,
  MessageNacked,
  MessageReturned,
  UnencodableMessage,
} from "./errors.ts";
import { encodableHeaders } from "./header_encoding.ts";

/** A publish that waits for its confirm. */
interface Unconfirmed {
  readonly queue: string;
  readonly resolve: () => void;
  readonly reject: (reason: AmqpError) => void;
}

/** Publishes to any queue; each message is confirmed, or fails, by itself. */
export class ConfirmedPublisher {
  readonly #channel: Channel;
  readonly #confirms: ConfirmChannel<Unconfirmed>;

  /** @param channel opened with `confirm`, and its own from now on */
  constructor(channel: Channel) {
    this.#channel = channel;
    this.#confirms = new ConfirmChannel(channel, {
      onAck: (publishes) => {
        for (const { resolve } of publishes) resolve();
      },
      onNack: (publishes) => {
        for (const { queue, reject } of publishes) reject(new MessageNacked(queue));
      },
      onReturn: ({ fields }, reply) => this.#returned(fields.routingKey, reply),
      onEnded: (reason = new ChannelClosed("closed by worktool")) => {
        for (const { reject } of this.#confirms.takeAll()) reject(reason);
      },
    });
  }

  /** Settles when nothing can be published any more. */
  get ended(): Promise<unknown> {
    return this.#channel.ended;
  }

  /**
   * Publishes one message to the queue; resolves when the broker has confirmed it.
   *
   * @throws {MessageReturned} there is no such queue
   * @throws {MessageNacked} the broker did not take it
   * @throws {UnencodableMessage} the client could not send it
   * @throws {ChannelClosed} the broker refused it, or another one meanwhile
   * @throws {ConnectionLost}
   */
  publish(queue: string, body: Uint8Array, properties: DeliveryProperties): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const content = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    try {
      this.#confirms.raw.publish("", queue, content, amqplibOptions(properties));
    } catch (error) {
      return this.#notSent(error);
    }
    this.#confirms.window.add({ queue, resolve, reject });
    return promise;
  }

  /** Ends the channel; what is not confirmed by then fails. @throws as `Channel.close` does */
  close(): Promise<void> {
    return this.#channel.close();
  }

  /**
   * The channel has ended, which amqplib tells by refusing; anything else is the message's fault.
   */
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
  #returned(queue: string, reply: BrokerReply): void {
    for (const unconfirmed of this.#confirms.window.all()) {
      if (unconfirmed.queue === queue) unconfirmed.reject(new MessageReturned(queue, reply));
    }
  }
}

function amqplibOptions({ headers = {}, ...properties }: DeliveryProperties): Options.Publish {
  return {
    ...properties,
    headers: encodableHeaders(headers),
    mandatory: true,
  } as Options.Publish;
}
