// deno-lint-ignore-file camelcase -- RabbitMQ's names
import type { QueueFigures } from "./queue_figures.ts";

/** Where the management HTTP API is, and who asks. */
export interface ManagementAddress {
  /** `http://host:15672`, without a slash at its end. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Where its broker listens, if it was guessed that this is the broker's. */
  readonly amqpPort?: number;
  /** For each answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** It does not answer, or not as it should. */
export class ManagementUnavailable extends Error {
  override readonly name = "ManagementUnavailable";

  constructor(
    message: string,
    /** The status of the HTTP answer, where there was one. */
    readonly status?: number,
  ) {
    super(message);
  }
}

/** A queue as `GET /api/queues` tells of it, as far as it is used. */
interface ApiQueue {
  readonly name: string;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
  readonly consumers?: number;
  /** There as soon as rates are known. */
  readonly messages_details?: { readonly rate?: number };
  /** Without what has never happened. */
  readonly message_stats?: {
    readonly publish_details?: { readonly rate?: number };
    readonly deliver_get_details?: { readonly rate?: number };
  };
  readonly type?: string;
  readonly durable?: boolean;
  readonly policy?: string | null;
}

/** What is known of one queue beyond its figures. */
export interface QueueDetails {
  readonly figures: QueueFigures;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly consumers: readonly {
    readonly tag: string;
    readonly connection: string;
    readonly prefetchCount: number;
    readonly ackRequired: boolean;
  }[];
  readonly bindings: readonly { readonly exchange: string; readonly routingKey: string }[];
}

const COLUMNS = "name,messages_ready,messages_unacknowledged,consumers,messages_details.rate," +
  "message_stats.publish_details.rate,message_stats.deliver_get_details.rate,type,durable,policy";

/**
 * RabbitMQ's management HTTP API (plug-in `rabbitmq_management`), as much of it as tells of queues.
 * Its figures are those of its last collection, five seconds old at the most unless it is set up
 * otherwise.
 */
export class ManagementApi {
  readonly #address: ManagementAddress;
  #isTheBrokers: boolean;

  constructor(address: ManagementAddress) {
    this.#address = address;
    this.#isTheBrokers = address.amqpPort === undefined;
  }

  /** All queues of a virtual host. @throws {ManagementUnavailable} */
  async queues(vhost: string): Promise<readonly QueueFigures[]> {
    await this.#mustBeTheBrokers();
    const all = await this.#get(`queues/${encodeURIComponent(vhost)}?columns=${COLUMNS}`);
    if (!Array.isArray(all)) throw this.#unlike();
    return all.map(figuresOf);
  }

  /** Undefined where there is no such queue. @throws {ManagementUnavailable} */
  async queue(vhost: string, name: string): Promise<QueueDetails | undefined> {
    await this.#mustBeTheBrokers();
    const path = `queues/${encodeURIComponent(vhost)}/${encodeURIComponent(name)}`;
    const found = await this.#find(path);
    if (found === undefined) return undefined;
    const queue = found as ApiQueue & {
      readonly arguments?: Readonly<Record<string, unknown>>;
      readonly consumer_details?: readonly {
        readonly consumer_tag: string;
        readonly channel_details?: { readonly connection_name?: string };
        readonly prefetch_count?: number;
        readonly ack_required?: boolean;
      }[];
    };
    if (queue.name !== name) throw this.#unlike();
    const bindings = await this.#get(`${path}/bindings`) as readonly {
      readonly source: string;
      readonly routing_key: string;
    }[];
    return {
      figures: figuresOf(queue),
      arguments: queue.arguments ?? {},
      consumers: (queue.consumer_details ?? []).map((consumer) => ({
        tag: consumer.consumer_tag,
        connection: consumer.channel_details?.connection_name ?? "",
        prefetchCount: consumer.prefetch_count ?? 0,
        ackRequired: consumer.ack_required ?? true,
      })),
      bindings: bindings.map(({ source, routing_key: routingKey }) => ({
        exchange: source,
        routingKey,
      })),
    };
  }

  /**
   * Another broker's figures would be wrong ones. Where it does not tell on which ports it listens,
   * as to a user without the tag `monitoring`, it is believed.
   *
   * @throws {ManagementUnavailable}
   */
  async #mustBeTheBrokers(): Promise<void> {
    if (this.#isTheBrokers) return;
    const { url, amqpPort } = this.#address;
    const { listeners } = await this.#get("overview?columns=listeners") as {
      readonly listeners?: readonly { readonly port?: number }[];
    };
    const known = Array.isArray(listeners) && listeners.length > 0;
    if (known && !listeners.some(({ port }) => port === amqpPort)) {
      throw new ManagementUnavailable(
        `${url} is another broker's: it does not listen on port ${amqpPort} ` +
          "(where a port is forwarded, name it with --management-url)",
      );
    }
    this.#isTheBrokers = true;
  }

  async #get(path: string): Promise<unknown> {
    const found = await this.#find(path);
    if (found === undefined) {
      throw new ManagementUnavailable(`${this.#address.url} has no ${path}`, 404);
    }
    return found;
  }

  /** @returns undefined for 404 */
  async #find(path: string): Promise<unknown> {
    const { url, username, password, timeoutMs } = this.#address;
    const login = new TextEncoder().encode(`${username}:${password}`);
    let answer: Response;
    try {
      answer = await fetch(`${url}/api/${path}`, {
        headers: { authorization: `Basic ${btoa(String.fromCharCode(...login))}` },
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch (error) {
      throw new ManagementUnavailable(`${url} does not answer: ${reasonOf(error)}`);
    }
    if (answer.status === 404) {
      await answer.body?.cancel();
      return undefined;
    }
    if (!answer.ok) {
      await answer.body?.cancel();
      throw new ManagementUnavailable(
        answer.status === 401
          ? `${url} does not let user '${username}' in (it needs a tag, for example monitoring)`
          : `${url} answers ${answer.status} ${answer.statusText}`.trimEnd(),
        answer.status,
      );
    }
    try {
      return await answer.json();
    } catch {
      throw this.#unlike();
    }
  }

  #unlike(): ManagementUnavailable {
    return new ManagementUnavailable(
      `${this.#address.url} answers, but not as RabbitMQ's management API`,
    );
  }
}

function figuresOf(queue: ApiQueue): QueueFigures {
  const { messages_ready: ready, message_stats: stats } = queue;
  const never = queue.messages_details?.rate === undefined ? undefined : 0;
  const figures = {
    ready,
    unacked: queue.messages_unacknowledged,
    consumers: queue.consumers,
    in: stats?.publish_details?.rate ?? never,
    out: stats?.deliver_get_details?.rate ?? never,
    type: queue.type,
    durable: queue.durable,
    policy: queue.policy ?? "",
  };
  const known = Object.entries(figures).filter(([, value]) => value !== undefined);
  return { name: queue.name, ...Object.fromEntries(known) };
}

/** Why a request got no answer. */
export function reasonOf(error: unknown): string {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  if (name === "TimeoutError") return "no answer in time";
  return code === "ECONNREFUSED" || code === "ConnectionRefused"
    ? "connection refused"
    : message ?? String(error);
}
