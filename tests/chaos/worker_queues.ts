import { type ChannelModel, connect } from "amqplib";
import { deadLetterQueueName, retryQueueName } from "../../src/retry/queue_names.ts";
import { eventually } from "../support/deadline.ts";
import { type Backoff, possibleDelaysMs } from "../../src/retry/backoff.ts";

/**
 * Until tasks go on after a fault: a busy machine takes a while to start RabbitMQ, and RabbitMQ to
 * find its queues.
 */
export const BACK_MS = 180_000;

/** All queues of one work queue, as the broker counts them. */
export class Queues {
  readonly work: string;
  readonly dead: string;
  readonly #url: string;
  readonly #retry: string[];

  constructor(url: string, work: string, backoff: Backoff, attempts: number) {
    this.#url = url;
    this.work = work;
    this.dead = deadLetterQueueName(work);
    this.#retry = possibleDelaysMs(backoff, attempts).map((ms) => retryQueueName(work, ms));
  }

  /** Ready tasks of the work queue and of all its retry queues, and the consumers. */
  async depth(): Promise<{ ready: number; waiting: number; consumers: number }> {
    const { ready, consumers } = await this.#depth(this.work);
    let waiting = 0;
    for (const queue of this.#retry) waiting += (await this.#depth(queue)).ready;
    return { ready, waiting, consumers };
  }

  /** Fails as what is waited for does, and says where the tasks are then. */
  async toldWhereTheyAre(waiting: Promise<void>): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      const depth = await this.depth().catch((failure) => `${failure}`);
      throw new Error(`${(error as Error).message}: ${JSON.stringify(depth)}`, { cause: error });
    }
  }

  /** Resolves when nothing is ready anywhere, and exactly so many consume. */
  async becomeQuiet(consumers: number): Promise<void> {
    let depth: Awaited<ReturnType<Queues["depth"]>> | undefined;
    await eventually(
      () => `quiet queues with ${consumers} consumers: ${JSON.stringify(depth)}`,
      async () => {
        depth = await this.depth();
        return depth.ready === 0 && depth.waiting === 0 && depth.consumers === consumers;
      },
      BACK_MS,
    );
  }

  /** Resolves when exactly so many consume. */
  async becomeConsumed(consumers: number): Promise<void> {
    let now: number | undefined;
    await eventually(() => `${consumers} consumers, not ${now}`, async () => {
      now = (await this.#depth(this.work)).consumers;
      return now === consumers;
    });
  }

  /** The dead letters, taken out of their queue: body and headers. */
  async takeDead(): Promise<{ body: string; headers: Record<string, unknown> }[]> {
    const connection = await this.#connect();
    try {
      const channel = await connection.createChannel();
      const dead = [];
      for (;;) {
        const message = await channel.get(this.dead, { noAck: true });
        if (!message) return dead;
        const { content, properties: { headers = {} } } = message;
        dead.push({ body: content.toString(), headers });
      }
    } finally {
      await connection.close();
    }
  }

  async delete(): Promise<void> {
    const connection = await this.#connect();
    try {
      const channel = await connection.createChannel();
      for (const queue of [this.work, this.dead, ...this.#retry]) await channel.deleteQueue(queue);
    } finally {
      await connection.close();
    }
  }

  /** What fails on it says why, also where the broker ends. */
  async #connect(): Promise<ChannelModel> {
    const connection = await connect(this.#url);
    connection.on("error", () => {});
    return connection;
  }

  /** A queue that does not exist has nothing. */
  async #depth(queue: string): Promise<{ ready: number; consumers: number }> {
    const connection = await this.#connect();
    try {
      const channel = await connection.createChannel();
      channel.on("error", () => {}); // 404, which the answer tells too
      const { messageCount: ready, consumerCount: consumers } = await channel.checkQueue(queue);
      return { ready, consumers };
    } catch (error) {
      if ((error as { code?: unknown }).code !== 404) throw error;
      return { ready: 0, consumers: 0 };
    } finally {
      await connection.close();
    }
  }
}
