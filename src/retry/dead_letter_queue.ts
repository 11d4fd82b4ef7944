import type { Connection } from "../amqp/connection.ts";
import { type Death, deathHeaders } from "./dead_letter.ts";
import type { Delivery } from "../amqp/delivery.ts";
import { channelReplyCode, MessageReturned, UnencodableMessage } from "../amqp/errors.ts";
import { withoutLargestHeaders } from "../amqp/header_encoding.ts";
import type { HeaderChanges } from "./republished_properties.ts";
import type { Republisher } from "./republisher.ts";
import { type ArgumentValue, declareQueue, queueExists } from "../amqp/queue.ts";
import { PRECONDITION_FAILED } from "../amqp/reply_code.ts";
import { withChannel } from "../amqp/with_channel.ts";

/** Header: the names of those that could not be kept. */
const DROPPED_HEADERS = "x-worktool-dropped-headers";

const DEFAULT_ARGUMENTS = [{}];

/**
 * Since RabbitMQ 4.0 a quorum queue drops what was looked at and given back twenty times, unless
 * its delivery limit is higher. No limit at all would be -1, but 3.x takes that for one that is
 * reached at once. To be tried one after the other: another broker may not know the argument.
 */
const QUORUM_ARGUMENTS = [
  { "x-queue-type": "quorum", "x-delivery-limit": 2 ** 31 - 1 },
  { "x-queue-type": "quorum" },
];

export interface DeadLetterQueueOptions {
  readonly name: string;
  /**
   * Asked when it has to be declared: as a quorum queue if the work queue is one, else the broker's
   * default.
   */
  readonly isQuorum: () => Promise<boolean>;
}

/** Where tasks go that are given up, with what is known of why. */
export class DeadLetterQueue {
  readonly #connection: Connection;
  readonly #republisher: Republisher;
  readonly #options: DeadLetterQueueOptions;

  constructor(connection: Connection, republisher: Republisher, options: DeadLetterQueueOptions) {
    this.#connection = connection;
    this.#republisher = republisher;
    this.#options = options;
  }

  /**
   * Takes the queue as it is where it exists, else declares it durable. `add` does it when it must:
   * a worker calls it at its start, so as to fail then.
   *
   * @throws {ChannelClosed} the broker refuses it: 403, 405
   * @throws {ConnectionLost}
   * @throws {DeadlineExceeded}
   */
  async declare(): Promise<void> {
    if (await this.#exists()) return;
    let refusal: unknown;
    for (const args of await this.#options.isQuorum() ? QUORUM_ARGUMENTS : DEFAULT_ARGUMENTS) {
      try {
        return await this.#declareWith(args);
      } catch (error) {
        if (channelReplyCode(error) !== PRECONDITION_FAILED) throw error;
        refusal = error;
      }
      // Another worker may have declared it its own way meanwhile.
      if (await this.#exists()) return;
    }
    throw refusal;
  }

  /**
   * Puts a copy of the task into the queue, with the reason in its headers; resolves when the
   * broker has confirmed it, and then the original may be acknowledged. Of headers that are too
   * large for the client to send, the largest are left out and named in
   * `x-worktool-dropped-headers`: a task that cannot be given up would stop the queue for ever.
   *
   * @throws {AmqpError} as `Republisher.republish` and `declare` do
   */
  async add(delivery: Delivery, death: Death): Promise<void> {
    try {
      await this.#put(delivery, deathHeaders(death, delivery));
    } catch (error) {
      if (!(error instanceof UnencodableMessage)) throw error;
      const { kept, dropped } = withoutLargestHeaders(delivery.properties.headers ?? {});
      const fitting = { ...delivery, properties: { ...delivery.properties, headers: kept } };
      const headers = { ...deathHeaders(death, fitting), [DROPPED_HEADERS]: dropped };
      await this.#put(fitting, headers);
    }
  }

  async #put(delivery: Delivery, headers: HeaderChanges): Promise<void> {
    const { name } = this.#options;
    try {
      await this.#republisher.republish(delivery, name, headers);
    } catch (error) {
      if (!(error instanceof MessageReturned)) throw error;
      await this.declare();
      await this.#republisher.republish(delivery, name, headers);
    }
  }

  #exists(): Promise<boolean> {
    return queueExists(this.#connection, this.#options.name);
  }

  async #declareWith(args: Readonly<Record<string, ArgumentValue>>): Promise<void> {
    const declaration = { name: this.#options.name, durable: true, arguments: args };
    await withChannel(this.#connection, (channel) => declareQueue(channel, declaration));
  }
}
