import { Buffer } from "node:buffer";
import type { Options } from "amqplib";
import { parseBrokerUrl } from "../../src/amqp/broker_url.ts";
import { Channel } from "../../src/amqp/channel.ts";
import { Connection } from "../../src/amqp/connection.ts";
import { type Delivery, deliveryOf } from "../../src/amqp/delivery.ts";
import { Republisher } from "../../src/retry/republisher.ts";
import type { Broker } from "./brokers.ts";
import { eventually } from "./deadline.ts";

/** A work queue and src/amqp's own connection to it, for tests of what is below the commands. */
export class WorkQueue implements AsyncDisposable {
  readonly name: string;
  readonly connection: Connection;
  readonly channel: Channel;
  readonly republisher: Republisher;

  private constructor(name: string, connection: Connection, channel: Channel) {
    this.name = name;
    this.connection = connection;
    this.channel = channel;
    this.republisher = this.republisherWith({});
  }

  static async open(broker: Broker, options: Options.AssertQueue = {}): Promise<WorkQueue> {
    const name = broker.queue();
    const connection = await Connection.open({
      url: parseBrokerUrl(broker.url),
      tls: { insecure: false },
      name: "worktool test",
      version: "0",
      timeoutMs: 30_000,
      heartbeatSeconds: 0,
      onBlocked() {},
      onUnblocked() {},
    }, { stop: new AbortController().signal });
    const channel = await Channel.open(connection, { confirm: true });
    await channel.raw.assertQueue(name, options);
    return new WorkQueue(name, connection, channel);
  }

  republisherWith(
    options: { readonly confirmTimeoutMs?: number; readonly username?: string },
  ): Republisher {
    const { confirmTimeoutMs = 30_000, username = "guest" } = options;
    return new Republisher(() => Promise.resolve(this.connection), {
      queue: this.name,
      username,
      confirmTimeoutMs,
    });
  }

  /** Publishes to the queue, or as told, and waits for the confirm. */
  async publish(
    body: string | Uint8Array,
    options: Options.Publish = {},
    [exchange, routingKey]: readonly [string, string] = ["", this.name],
  ): Promise<void> {
    const { raw } = this.channel;
    raw.publish(exchange, routingKey, Buffer.from(body), options);
    await (raw as unknown as { waitForConfirms(): Promise<unknown> }).waitForConfirms();
  }

  /** The first ready message of the queue, waited for, not acknowledged. */
  async receive(queue: string = this.name): Promise<Delivery> {
    let delivery: Delivery | undefined;
    await eventually(`a message in ${queue}`, async () => {
      const message = await this.channel.raw.get(queue);
      if (message) delivery = deliveryOf(message);
      return message !== false;
    });
    return delivery!;
  }

  ack({ deliveryTag }: Delivery): void {
    this.channel.raw.ack({ fields: { deliveryTag } } as never);
  }

  /** Gives one back, so that it comes again as redelivered. */
  requeue({ deliveryTag }: Delivery): void {
    this.channel.raw.nack({ fields: { deliveryTag } } as never);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection.close();
  }
}
