import { Buffer } from "node:buffer";
import type { Options } from "amqplib";
import { type Channel, isChannelClosed } from "./channel.ts";
import { ConfirmWindow } from "./confirm_window.ts";
import type { DeliveryProperties } from "./delivery.ts";
import {
  AmqpError,
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

/** A channel whose publishes go to one queue each, and each is confirmed, or fails, by itself. */
export class ConfirmChannel {
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
