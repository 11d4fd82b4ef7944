import type { GetMessage } from "amqplib";
import { Channel, isChannelClosed } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { type Delivery, deliveryOf } from "./delivery.ts";
import { queueDepth } from "./queue.ts";

/**
 * Looks at the messages of a queue one after the other (`basic.get`), from its head on. All that
 * was not acknowledged goes back to its place at the end; the broker marks it as redelivered then,
 * and a quorum queue counts it (`x-delivery-count`).
 */
export class QueueBrowser implements AsyncDisposable {
  /** Messages that were ready when the browser was opened. */
  readonly ready: number;
  readonly #channel: Channel;
  readonly #queue: string;

  private constructor(channel: Channel, queue: string, ready: number) {
    this.#channel = channel;
    this.#queue = queue;
    this.ready = ready;
  }

  /**
   * @throws {ChannelClosed} 404 when there is no such queue, 405 when it is somebody else's alone
   */
  static async open(connection: Connection, queue: string): Promise<QueueBrowser> {
    const channel = await Channel.open(connection, { confirm: false });
    const { ready } = await queueDepth(channel, queue);
    return new QueueBrowser(channel, queue, ready);
  }

  /**
   * The next message, or undefined where there is none.
   *
   * @throws {ChannelClosed}
   * @throws {ConnectionLost}
   * @throws {DeadlineExceeded}
   */
  async next(): Promise<Delivery | undefined> {
    const message = await this.#channel.request("basic.get-ok", (raw) => raw.get(this.#queue));
    return message === false ? undefined : deliveryOf(message);
  }

  /** `basic.ack`: takes it out of the queue; handled by the broker when `close` returns. */
  ack({ deliveryTag }: Delivery): void {
    try {
      this.#channel.raw.ack({ fields: { deliveryTag } } as GetMessage);
    } catch (error) {
      // On a channel that has ended it has no meaning: the broker has put the message back.
      if (!isChannelClosed(error)) throw error;
    }
  }

  /** Removes all that is ready at once (`queue.purge`); what was looked at is not ready. */
  async purge(): Promise<number> {
    const ok = await this.#channel.request("queue.purge-ok", (raw) => raw.purgeQueue(this.#queue));
    return ok.messageCount;
  }

  /**
   * Gives back what was not acknowledged; when it returns, the broker has handled all settlements.
   *
   * @throws {AmqpError} the channel had ended before, so that nothing is known of the last ones
   */
  async close(): Promise<void> {
    try {
      this.#channel.raw.nackAll(true);
    } catch (error) {
      if (!isChannelClosed(error)) throw error;
    }
    await this.#channel.close();
  }

  /** For what has failed already. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel.close().catch(() => {});
  }
}
