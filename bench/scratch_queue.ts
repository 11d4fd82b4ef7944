// deno-lint-ignore-file no-console -- it prints to the terminal
import { setTimeout } from "node:timers/promises";
import { parseBrokerUrl } from "../src/amqp/broker_url.ts";
import { Channel } from "../src/amqp/channel.ts";
import { Connection } from "../src/amqp/connection.ts";
import { type ArgumentValue, declareQueue, queueDepth } from "../src/amqp/queue.ts";

/** How often and how long to look until everything sent is in the queue, in milliseconds. */
const LOOK_MS = 20;
const ARRIVAL_TIMEOUT_MS = 60_000;

/** A durable queue of its own, deleted with all that is in it when it is disposed of. */
export class ScratchQueue implements AsyncDisposable {
  readonly name: string;
  readonly #connection: Connection;
  readonly #channel: Channel;

  private constructor(name: string, connection: Connection, channel: Channel) {
    this.name = name;
    this.#connection = connection;
    this.#channel = channel;
  }

  /** @param args for example a length limit */
  static async create(
    url: string,
    args: Readonly<Record<string, ArgumentValue>> = {},
  ): Promise<ScratchQueue> {
    const connection = await connect(url);
    const channel = await Channel.open(connection, { confirm: false });
    const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
    await declareQueue(channel, { name, durable: true, arguments: args });
    return new ScratchQueue(name, connection, channel);
  }

  /** Waits until so many tasks are ready: an unconfirmed sender ends before its last one is. */
  async arrived(count: number): Promise<void> {
    const deadlineMs = performance.now() + ARRIVAL_TIMEOUT_MS;
    for (;;) {
      const { ready } = await queueDepth(this.#channel, this.name);
      if (ready === count) return;
      if (performance.now() > deadlineMs) {
        throw new Error(`${ready} tasks in the queue where ${count} were sent`);
      }
      await setTimeout(LOOK_MS);
    }
  }

  async purge(): Promise<void> {
    await this.#channel.request("queue.purge-ok", (raw) => raw.purgeQueue(this.name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel.request("queue.delete-ok", (raw) => raw.deleteQueue(this.name));
    await this.#channel.close();
    await this.#connection.close();
  }
}

/** The broker's own account of itself, for example "RabbitMQ 3.10.8". */
export async function brokerVersion(url: string): Promise<string> {
  await using connection = await connect(url);
  const { product, version } = connection.model.connection.serverProperties;
  return `${product} ${version}`;
}

async function connect(url: string): Promise<Connection> {
  const options = {
    url: parseBrokerUrl(url),
    tls: { insecure: false },
    name: "worktool bench",
    version: "0",
    timeoutMs: 30_000,
    heartbeatSeconds: 60,
    onBlocked: (reason: string) => console.error(`The broker blocks publishers: ${reason}`),
    onUnblocked: () => {},
  };
  return await Connection.open(options, { stop: new AbortController().signal });
}
