import type { BrokerUrl } from "./broker_url.ts";
import { Connection, type ConnectionOptions, GOODBYE_MS } from "./connection.ts";
import { withDeadline } from "./deadline.ts";
import {
  type AddressFailure,
  AmqpError,
  ChannelClosed,
  ClusterUnavailable,
  ConnectAborted,
  DeadlineExceeded,
  PublishFailed,
} from "./errors.ts";
import { canHeal } from "./reconnection.ts";

export interface ClusterOptions extends Omit<ConnectionOptions, "url"> {
  /** One or more, in the order in which they are tried; each with credentials of its own. */
  readonly urls: readonly BrokerUrl[];
  /** Which of several addresses serves, and why those tried before it in vain do not. */
  readonly onConnected: (url: BrokerUrl, failures: readonly AddressFailure[]) => void;
}

export interface OpenOptions {
  /** Aborted by whoever does not want the connection any more. */
  readonly stop: AbortSignal;
  /** For all addresses together, in milliseconds; each gets its share of what is left. */
  readonly limitMs: number;
}

/** A broker by its addresses: one, or those of a cluster's nodes, of which any will do. */
export class Cluster {
  readonly options: ClusterOptions;
  /** What cannot heal (a refused login, a bad certificate) is not tried again. */
  readonly #refusals = new Map<BrokerUrl, unknown>();
  /** Where the next round begins. */
  #next = 0;
  #current: BrokerUrl;
  #product: string | undefined;

  constructor(options: ClusterOptions) {
    this.options = options;
    this.#current = options.urls[0]!;
  }

  /** How many addresses there are. */
  get size(): number {
    return this.options.urls.length;
  }

  /** How long all addresses together may take where nobody says how long to wait, in ms. */
  get limitMs(): number {
    return this.options.timeoutMs * this.size;
  }

  /** The address that serves, or was tried last. */
  get current(): BrokerUrl {
    return this.#current;
  }

  /** What the broker calls itself that answered last, "RabbitMQ" for example. */
  get product(): string | undefined {
    return this.#product;
  }

  /**
   * Connects to one address after the other until `use` succeeds on a connection, which is then its
   * owner's to close. The first one is the one after that which served last: a node that was lost,
   * or that is cut off from the others of its cluster, comes last.
   *
   * @throws {ClusterUnavailable} none of several addresses serves
   * @throws {ChannelClosed} the broker refused what `use` asked for, as any of its nodes would
   * @throws {PublishFailed} what `use` wanted to publish cannot be sent anywhere
   * @throws {ConnectAborted} by `stop`
   * @throws {AmqpError} the only address there is does not serve, as `Connection.open` and `use`
   *   say
   */
  async open<T>(
    use: (connection: Connection) => Promise<T>,
    { stop, limitMs }: OpenOptions,
  ): Promise<T> {
    const endMs = performance.now() + limitMs;
    const { urls, onConnected } = this.options;
    const inTurn = [...urls.slice(this.#next), ...urls.slice(0, this.#next)]
      .filter((url) => !this.#refusals.has(url));
    const failures = [...this.#refusals].map(([url, failure]) => ({ url, failure }));
    for (const [n, url] of inTurn.entries()) {
      const shareMs = (endMs - performance.now()) / (inTurn.length - n);
      try {
        const used = await this.#try(url, use, { stop, limitMs: Math.max(1, shareMs) });
        this.#next = (urls.indexOf(url) + 1) % urls.length;
        if (urls.length > 1) onConnected(url, failures);
        return used;
      } catch (failure) {
        if (urls.length === 1 || !isOfThisAddress(failure)) throw failure;
        if (!canHeal(failure, { usedBefore: true })) this.#refusals.set(url, failure);
        failures.push({ url, failure });
      }
    }
    throw new ClusterUnavailable(failures);
  }

  /** Connects to the first address that serves; the caller closes it. @throws as `open` does */
  connect({ stop, limitMs = this.limitMs }: {
    readonly stop: AbortSignal;
    readonly limitMs?: number;
  }): Promise<Connection> {
    return this.open((connection) => Promise.resolve(connection), { stop, limitMs });
  }

  async #try<T>(
    url: BrokerUrl,
    use: (connection: Connection) => Promise<T>,
    { stop, limitMs }: OpenOptions,
  ): Promise<T> {
    this.#current = url;
    const endMs = performance.now() + limitMs;
    const connection = await Connection.open({ ...this.options, url }, { stop, limitMs });
    this.#product = connection.product;
    const leave = () => connection.leaveBy(performance.now() + GOODBYE_MS);
    stop.addEventListener("abort", leave, { once: true });
    try {
      const leftMs = Math.max(1, endMs - performance.now());
      return await withDeadline("answer about the queue", leftMs, use(connection));
    } catch (failure) {
      const closing = connection.close();
      // One that does not answer would only take its time for this too.
      if (!(failure instanceof DeadlineExceeded)) await closing;
      throw failure;
    } finally {
      stop.removeEventListener("abort", leave);
    }
  }
}

/**
 * Whether another node may do better: a refusal on a channel is the word of the whole cluster, and
 * a message that cannot be sent is the same everywhere.
 */
function isOfThisAddress(failure: unknown): boolean {
  const isEverywhere = [ChannelClosed, PublishFailed, ConnectAborted]
    .some((everywhere) => failure instanceof everywhere);
  return failure instanceof AmqpError && !isEverywhere;
}
