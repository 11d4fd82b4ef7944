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
    /** Its deliveries without settlement; only the embedded broker tells. */
    readonly held?: number;
    /** When the oldest of these was delivered, in milliseconds since 1970. */
    readonly heldSince?: number;
  }[];
  /** When the next task was made, by its property `timestamp`, in milliseconds since 1970. */
  readonly nextMadeAt?: number;
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
  /** Unless it turns out that it does not. */
  #tellsHolders = true;

  constructor(address: ManagementAddress) {
    this.#address = address;
    this.#isTheBrokers = address.amqpPort === undefined;
  }

  /** All queues of a virtual host. @throws {ManagementUnavailable} */
  async queues(vhost: string): Promise<readonly QueueFigures[]> {
    await this.#mustBeTheBrokers();
    const all = await this.#find(`queues/${encodeURIComponent(vhost)}?columns=${COLUMNS}`);
    if (all === undefined) {
      throw new ManagementUnavailable(`${this.#address.url} knows no vhost '${vhost}'`, 404);
    }
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
      /** In seconds; RabbitMQ tells it of classic queues. */
      readonly head_message_timestamp?: number | null;
      readonly consumer_details?: readonly {
        readonly consumer_tag: string;
        readonly channel_details?: { readonly connection_name?: string; readonly name?: string };
        readonly prefetch_count?: number;
        readonly ack_required?: boolean;
      }[];
    };
    if (queue.name !== name) throw this.#unlike();
    const held = await this.#heldBy(path);
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
        ...held?.get(holderKey(consumer.channel_details?.name, consumer.consumer_tag)),
      })),
      ...typeof queue.head_message_timestamp === "number" &&
        { nextMadeAt: queue.head_message_timestamp * 1_000 },
      bindings: bindings.map(({ source, routing_key: routingKey }) => ({
        exchange: source,
        routingKey,
      })),
    };
  }

  /** What each consumer holds; undefined where that is not told, as by RabbitMQ. */
  async #heldBy(path: string): Promise<ReadonlyMap<string, Held> | undefined> {
    if (!this.#tellsHolders) return undefined;
    const deliveries = await this.#find(`${path}/unacked`).catch(refused);
    this.#tellsHolders = Array.isArray(deliveries);
    if (!Array.isArray(deliveries)) return undefined;
    const all = new Map<string, Held>();
    for (const delivery of deliveries as readonly ApiHeldDelivery[]) {
      const { consumer_tag: tag, delivered_at: at, channel_details: { name } } = delivery;
      const key = holderKey(name, tag ?? undefined);
      const { held, heldSince } = all.get(key) ?? { held: 0, heldSince: at };
      all.set(key, { held: held + 1, heldSince: Math.min(heldSince, at) });
    }
    return all;
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
      const reason = await refusalReason(answer);
      throw new ManagementUnavailable(
        answer.status === 401
          ? `${url} does not let user '${username}' in${reason && `: ${reason}`}`
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

/** For example "Login failed"; empty where it is not told. */
async function refusalReason(answer: Response): Promise<string> {
  try {
    const { reason } = await answer.json();
    return typeof reason === "string" ? reason : "";
  } catch {
    return "";
  }
}

/** RabbitMQ refuses a path that it does not know. @throws what is no answer */
function refused(error: unknown): undefined {
  if (!(error instanceof ManagementUnavailable) || error.status === undefined) throw error;
}

interface ApiHeldDelivery {
  readonly consumer_tag: string | null;
  readonly delivered_at: number;
  readonly channel_details: { readonly name: string };
}

interface Held {
  readonly held: number;
  readonly heldSince: number;
}

/** A tag is a consumer's on its channel alone. */
function holderKey(channel: string | undefined, tag: string | undefined): string {
  return JSON.stringify([channel, tag]);
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
