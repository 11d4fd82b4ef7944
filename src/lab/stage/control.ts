import { setTimeout } from "node:timers/promises";
import { parseBrokerUrl } from "../../amqp/broker_url.ts";
import { Connection } from "../../amqp/connection.ts";
import { channelReplyCode } from "../../amqp/errors.ts";
import { deleteQueue, queueDepth } from "../../amqp/queue.ts";
import { QueueBrowser } from "../../amqp/queue_browser.ts";
import { NOT_FOUND } from "../../amqp/reply_code.ts";
import { withChannel } from "../../amqp/with_channel.ts";

const TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** The lab's own look at a broker, beside the workers: each look is a connection of its own. */
export class Control {
  readonly #url: string;
  readonly #version: string;
  readonly #stop: AbortSignal;

  constructor(url: string, { version, stop }: { version: string; stop: AbortSignal }) {
    this.#url = url;
    this.#version = version;
    this.#stop = stop;
  }

  /** The broker's own name and version: "RabbitMQ 4.3.6", or that of the release it behaves as. */
  async brokerName(): Promise<string> {
    return await this.#use(({ model }) => {
      const { product, version, rabbitmq_release: release } = model.connection
        .serverProperties as unknown as Record<string, string>;
      return Promise.resolve(
        release === undefined ? `${product} ${version}` : `worktool broker, as RabbitMQ ${release}`,
      );
    });
  }

  /** @returns whether a connection from before the restart is gone after it: else it was none */
  async endsWith(restart: () => Promise<void>): Promise<boolean> {
    await using before = await this.#connect();
    await restart();
    await this.answers();
    return !before.isOpen;
  }

  /** Resolves when the broker answers. @throws {AmqpError} it does not in half a minute */
  async answers(): Promise<void> {
    const endMs = performance.now() + TIMEOUT_MS;
    for (;;) {
      try {
        return await this.#use(() => Promise.resolve());
      } catch (error) {
        if (performance.now() > endMs || this.#stop.aborted) throw error;
        await setTimeout(POLL_MS);
      }
    }
  }

  /** The bodies of all ready messages, which stay; undefined where there is no such queue. */
  async bodies(queue: string): Promise<string[] | undefined> {
    return await this.#useQueue(async (connection) => {
      await using browser = await QueueBrowser.open(connection, queue);
      const bodies: string[] = [];
      for (;;) {
        const delivery = await browser.next();
        if (delivery === undefined) break;
        bodies.push(new TextDecoder().decode(delivery.body));
      }
      await browser.close();
      return bodies;
    });
  }

  /** How many messages are ready; undefined where there is no such queue. */
  async ready(queue: string): Promise<number | undefined> {
    const depth = await this.#useQueue((connection) =>
      withChannel(connection, (channel) => queueDepth(channel, queue))
    );
    return depth?.ready;
  }

  async deleteQueues(queues: Iterable<string>): Promise<void> {
    await this.#use((connection) =>
      withChannel(connection, async (channel) => {
        for (const queue of queues) await deleteQueue(channel, queue);
      })
    );
  }

  /** Undefined where the queue is missing. */
  async #useQueue<T>(use: (connection: Connection) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#use(use);
    } catch (error) {
      if (channelReplyCode(error) === NOT_FOUND) return undefined;
      throw error;
    }
  }

  async #use<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await this.#connect();
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  }

  async #connect(): Promise<Connection> {
    return await Connection.open({
      url: parseBrokerUrl(this.#url),
      tls: { insecure: false },
      name: "worktool lab",
      version: this.#version,
      timeoutMs: TIMEOUT_MS,
      heartbeatSeconds: 20,
      onBlocked: () => {},
      onUnblocked: () => {},
    }, { stop: new AbortController().signal, limitMs: TIMEOUT_MS });
  }
}
