import type { Cluster } from "../amqp/cluster.ts";
import type { Connection } from "../amqp/connection.ts";
import { channelReplyCode } from "../amqp/errors.ts";
import { type QueueDepth, queueDepth } from "../amqp/queue.ts";
import { NOT_FOUND } from "../amqp/reply_code.ts";
import { withChannel } from "../amqp/with_channel.ts";
import { ManagementApi, ManagementUnavailable, type QueueDetails } from "./management_api.ts";
import { prometheusQueues } from "./prometheus.ts";
import type { QueueFigures } from "./queue_figures.ts";

/** Where the management API is. */
export interface ManagementUrl {
  /** Without a slash at its end. */
  readonly url: string;
  /** Then it must turn out to be this broker's. */
  readonly guessed: boolean;
  /** Who asks; else the user of the connection. */
  readonly login?: { readonly username: string; readonly password: string };
}

export interface QueueLookOptions {
  readonly connection: Cluster;
  readonly management: ManagementUrl;
  /** Without a slash at its end. */
  readonly prometheusUrl: string;
}

/** What is known, and why it is no more than that. */
export interface Look<T> {
  readonly known: T;
  /** Why some of it is unknown; empty where nothing is. */
  readonly missing: readonly string[];
}

/** There is no such queue. */
export class NoSuchQueue extends Error {
  override readonly name = "NoSuchQueue";
}

/**
 * Looks at queues through whatever tells of them: the management API, else the metrics of
 * Prometheus, else AMQP, which knows of a queue by its name alone how many tasks are ready and how
 * many consumers there are: exactly, where the others are seconds old.
 */
export class QueueLook implements AsyncDisposable {
  readonly #options: QueueLookOptions;
  readonly #vhost: string;
  #connection: Connection | undefined;
  #managementApi: ManagementApi | undefined;

  constructor(options: QueueLookOptions) {
    this.#options = options;
    this.#vhost = options.connection.current.vhost;
  }

  /** All queues of the virtual host. @throws {ManagementUnavailable} nothing tells of them */
  async all(): Promise<Look<readonly QueueFigures[]>> {
    let refusal: ManagementUnavailable;
    try {
      return { known: await this.#api().queues(this.#vhost), missing: [] };
    } catch (error) {
      if (!(error instanceof ManagementUnavailable)) throw error;
      refusal = error;
    }
    const { message, status } = refusal;
    try {
      return { known: await this.#metrics(), missing: [message] };
    } catch (error) {
      if (status !== undefined) throw refusal;
      throw new ManagementUnavailable(`${message}; ${unavailable(error)}`);
    }
  }

  /**
   * One queue.
   *
   * @param options.exactly its ready tasks and consumers are enough: AMQP alone is asked
   * @throws {NoSuchQueue}
   * @throws {AmqpError}
   */
  async one(
    name: string,
    { stop, exactly = false }: { readonly stop: AbortSignal; readonly exactly?: boolean },
  ): Promise<Look<Partial<QueueDetails> & Pick<QueueDetails, "figures">>> {
    const exact: QueueFigures = { name, ...await this.#depth(name, stop) };
    if (exactly) return { known: { figures: exact }, missing: [] };
    const reasons: string[] = [];
    try {
      const details = await this.#api().queue(this.#vhost, name);
      // Else it was declared a moment ago, and the API does not know of it yet.
      if (details !== undefined) {
        return { known: { ...details, figures: { ...details.figures, ...exact } }, missing: [] };
      }
    } catch (error) {
      reasons.push(unavailable(error));
    }
    try {
      const figures = (await this.#metrics()).find((queue) => queue.name === name);
      return { known: { figures: { ...figures, ...exact } }, missing: reasons };
    } catch (error) {
      return { known: { figures: exact }, missing: [...reasons, unavailable(error)] };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection?.close();
  }

  /** @throws {NoSuchQueue} */
  async #depth(name: string, stop: AbortSignal) {
    const { connection: cluster } = this.#options;
    if (!this.#connection?.isOpen) {
      this.#connection = await cluster.connect({ stop });
    }
    return await existingDepth(this.#connection, name);
  }

  #api(): ManagementApi {
    const { connection: { current, options: { timeoutMs } }, management } = this.#options;
    const { port } = current;
    const { url, guessed, login: { username, password } = current } = management;
    return this.#managementApi ??= new ManagementApi({
      ...{ url, username, password, timeoutMs },
      ...(guessed ? { amqpPort: port } : {}),
    });
  }

  #metrics(): Promise<readonly QueueFigures[]> {
    const { connection: { options: { timeoutMs } }, prometheusUrl } = this.#options;
    return prometheusQueues(prometheusUrl, { vhost: this.#vhost, timeoutMs });
  }
}

/** The ready tasks and the consumers of a queue. @throws {NoSuchQueue} */
export async function existingDepth(connection: Connection, name: string): Promise<QueueDepth> {
  try {
    return await withChannel(connection, (channel) => queueDepth(channel, name));
  } catch (error) {
    if (channelReplyCode(error) !== NOT_FOUND) throw error;
    const { vhost } = connection.options.url;
    throw new NoSuchQueue(`there is no queue '${name}' in vhost '${vhost}'`);
  }
}

/** @throws what is no such reason: a bug */
function unavailable(error: unknown): string {
  if (error instanceof ManagementUnavailable) return error.message;
  throw error;
}
