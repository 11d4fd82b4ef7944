import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  connect,
  type ConsumeMessage,
  type GetMessage,
  type Options,
} from "amqplib";
import { within } from "../support/deadline.ts";
import { Inbox } from "../support/inbox.ts";

export interface ClientOptions {
  user?: string;
  password?: string;
  vhost?: string;
}

/** What the broker said when it closed a channel or a connection. */
export interface Refusal extends Error {
  code: number;
  classId: number;
  methodId: number;
}

/** A connection of amqplib, closed when the test leaves its scope. */
export class Client implements AsyncDisposable {
  readonly connection: ChannelModel;
  readonly #refusals = new Inbox<Refusal>();
  readonly #ended: Promise<void>;
  #closed = false;

  private constructor(connection: ChannelModel) {
    this.connection = connection;
    connection.on("error", (error) => this.#refusals.push(error as Refusal));
    this.#ended = new Promise((resolve) => connection.on("close", () => resolve()));
    void this.#ended.then(() => this.#closed = true);
  }

  static async connect(url: string, options: ClientOptions = {}): Promise<Client> {
    const { hostname, port, username, password } = new URL(url);
    const where = {
      hostname,
      port: Number(port || 5672),
      username: options.user ?? username,
      password: options.password ?? password,
      vhost: options.vhost ?? "/",
    };
    return new Client(await connect(where, { noDelay: true }));
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** A channel in confirm mode, so that a test can know when its messages have arrived. */
  async channel(): Promise<ConfirmChannel> {
    const channel = await this.connection.createConfirmChannel();
    return channel.on("error", () => {}); // an error event that nobody hears would end the run
  }

  /** The broker must close this connection with the code because of the action. */
  async refused(replyCode: number, action: () => unknown): Promise<Refusal> {
    void Promise.resolve(action()).catch(() => {}); // the close says it all
    const refusal = await this.#refusals.next(`connection.close ${replyCode}`);
    assert.equal(refusal.code, replyCode, refusal.message);
    await within(this.#ended, "the connection's end");
    return refusal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    await within(this.connection.close(), "connection.close-ok");
    await within(this.#ended, "the connection's end");
    if (this.#refusals.size > 0) throw await this.#refusals.next("the refusal");
  }
}

/** The broker must close the channel, and it alone, with the code because of the action. */
export async function channelRefused(
  channel: Channel,
  replyCode: number,
  action: () => unknown,
): Promise<Refusal> {
  const closed = new Promise<Refusal>((resolve) => {
    channel.once("error", (error) => resolve(error as Refusal));
  });
  void Promise.resolve(action()).catch(() => {}); // the close says it all
  const refusal = await within(closed, `channel.close ${replyCode}`);
  assert.equal(refusal.code, replyCode, refusal.message);
  return refusal;
}

/** Publishes bodies straight to a queue. */
export function send(channel: Channel, queue: string, ...bodies: string[]): void {
  for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body));
}

/** Publishes one message and says how the broker confirmed it. */
export function confirmed(
  channel: ConfirmChannel,
  to: { exchange?: string; routingKey: string },
  body = "",
  options: Options.Publish = {},
): Promise<"ack" | "nack"> {
  const outcome = new Promise<"ack" | "nack">((resolve) => {
    channel.publish(to.exchange ?? "", to.routingKey, Buffer.from(body), options, (error) => {
      resolve(error ? "nack" : "ack");
    });
  });
  return within(outcome, "a confirm");
}

/** A message that must be in the queue. */
export async function get(
  channel: Channel,
  queue: string,
  options: Options.Get = { noAck: true },
): Promise<GetMessage> {
  const message = await channel.get(queue, options);
  assert(message, "the queue is empty");
  return message;
}

/** Takes everything out of a queue; answers the bodies in order. */
export async function drain(channel: Channel, queue: string): Promise<string[]> {
  const taken: string[] = [];
  for (;;) {
    const message = await channel.get(queue, { noAck: true });
    if (!message) return taken;
    taken.push(message.content.toString());
  }
}

/** How many messages are ready once what the channel published has arrived. */
export async function ready(channel: ConfirmChannel, queue: string): Promise<number> {
  await channel.waitForConfirms();
  return (await channel.checkQueue(queue)).messageCount;
}

/** What a consumer is sent, in order. */
export class Deliveries {
  consumerTag = "";
  readonly #inbox = new Inbox<ConsumeMessage | null>();

  constructor(readonly channel: ConfirmChannel, readonly queue: string) {}

  push(message: ConsumeMessage | null): void {
    this.#inbox.push(message);
  }

  /** How many have come that no one has taken. */
  get size(): number {
    return this.#inbox.size;
  }

  /** The next message. */
  async next(): Promise<ConsumeMessage> {
    const message = await this.#inbox.next(`a delivery from '${this.queue}'`);
    assert(message, "the broker cancelled the consumer");
    return message;
  }

  /** The next so many messages. */
  async take(count: number): Promise<ConsumeMessage[]> {
    const messages = [];
    for (let i = 0; i < count; i++) messages.push(await this.next());
    return messages;
  }

  /** The bodies of the next so many messages. */
  async bodies(count: number): Promise<string[]> {
    return (await this.take(count)).map((message) => message.content.toString());
  }

  /** The broker must cancel the consumer now. */
  async cancelled(): Promise<void> {
    assert.equal(await this.#inbox.next("basic.cancel"), null);
  }

  /**
   * Nothing more must have been sent by now.
   *
   * What this channel published has arrived once it is confirmed. The queue's first answer comes
   * after it has handed all deliveries to the channel, the second after the channel sent them on.
   */
  async none(): Promise<void> {
    await this.channel.waitForConfirms();
    await this.channel.checkQueue(this.queue);
    await this.channel.checkQueue(this.queue);
    assert.equal(this.#inbox.size, 0, "a delivery came");
  }
}

/** Starts a consumer. */
export async function consume(
  channel: ConfirmChannel,
  queue: string,
  options: Options.Consume = {},
): Promise<Deliveries> {
  const deliveries = new Deliveries(channel, queue);
  const { consumerTag } = await channel.consume(queue, (m) => deliveries.push(m), options);
  deliveries.consumerTag = consumerTag;
  return deliveries;
}
