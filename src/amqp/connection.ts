import type { Buffer } from "node:buffer";
import { isIP } from "node:net";
import process from "node:process";
import { type ChannelModel, connect, type SocketOptions } from "amqplib";
import type { BrokerUrl } from "./broker_url.ts";
import { coalesceWrites } from "./coalesced_writes.ts";
import { withDeadline } from "./deadline.ts";
import {
  ConnectAborted,
  ConnectFailed,
  ConnectionLost,
  DeadlineExceeded,
  isVhostRefusal,
  replyOf,
  VhostRefused,
} from "./errors.ts";
import { Pulse } from "./pulse.ts";

/** How long a broker may take to answer `connection.close` before the socket is just dropped. */
const CLOSE_TIMEOUT_MS = 2_000;

/** How long a broker may take for everything that is left to be said once there is to be an end. */
export const GOODBYE_MS = 3_000;

/** Certificates for `amqps://`, as PEM. */
export interface TlsOptions {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** Accept any certificate. */
  readonly insecure: boolean;
}

export interface ConnectionOptions {
  readonly url: BrokerUrl;
  readonly tls: TlsOptions;
  /** Shown by the broker's management UI and `rabbitmqctl list_connections`. */
  readonly name: string;
  /** worktool's own version, a client property. */
  readonly version: string;
  /** For the whole way from the first SYN to `connection.open-ok`, then for each answer. */
  readonly timeoutMs: number;
  /** Wished for; the broker may lower it. 0 switches heartbeats off. */
  readonly heartbeatSeconds: number;
  /** The broker stopped reading from publishers (`connection.blocked`), and why. */
  readonly onBlocked: (reason: string) => void;
  readonly onUnblocked: () => void;
}

/** An open AMQP connection. */
export class Connection implements AsyncDisposable {
  /** Settles when the connection has ended: with the reason, or undefined after `close`. */
  readonly ended: Promise<ConnectionLost | undefined>;
  /** How it was opened; another one beside it is opened in the same way. */
  readonly options: ConnectionOptions;
  /** Whether this process stood still, so that this connection may have ended unnoticed. */
  readonly pulse: Pulse;
  readonly #model: ChannelModel;
  /** Ends the socket at once. */
  readonly #socket: AbortController;
  #isOpen = true;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #overdue: DeadlineExceeded | undefined;
  #closing: Promise<void> | undefined;

  private constructor(model: ChannelModel, socket: AbortController, options: ConnectionOptions) {
    this.#model = model;
    this.#socket = socket;
    coalesceWrites(model);
    this.options = options;
    this.pulse = new Pulse(agreedHeartbeatSeconds(model));
    const { promise, resolve } = Promise.withResolvers<ConnectionLost | undefined>();
    this.ended = promise;
    // A lost heartbeat or socket comes as "error" and then "close"; an orderly
    // shutdown of the broker (320) comes as "close" alone, with its reason.
    let failure: Error | undefined;
    model.on("error", (error) => failure = error);
    model.on("close", (error) => {
      this.#isOpen = false;
      clearTimeout(this.#leaving);
      this.pulse[Symbol.dispose]();
      resolve(this.#reason(failure ?? error));
    });
    model.on("blocked", options.onBlocked);
    model.on("unblocked", options.onUnblocked);
  }

  /**
   * @throws {ConnectFailed} unreachable, not AMQP, or refused by the broker (then with `reply`)
   * @throws {VhostRefused} no such vhost, or none for this user
   * @throws {ConnectAborted} `stop` was aborted first
   */
  static async open(
    options: ConnectionOptions,
    { stop, limitMs = Infinity }: {
      readonly stop: AbortSignal;
      /** In place of the options' deadline where that is later. */
      readonly limitMs?: number;
    },
  ): Promise<Connection> {
    const timeoutMs = Math.min(options.url.connectTimeoutMs ?? options.timeoutMs, limitMs);
    // amqplib gives no handle on a connection that is still opening; a signal for its socket does.
    const opening = new AbortController();
    const abort = () => opening.abort();
    const deadline = setTimeout(abort, timeoutMs);
    stop.addEventListener("abort", abort, { once: true });
    if (stop.aborted) abort();
    try {
      const model = await connectToFirst(addressesOf(options.url.host), options, opening.signal);
      return new Connection(model, opening, options);
    } catch (cause) {
      if (stop.aborted) throw new ConnectAborted("stopped while connecting", { cause });
      if (opening.signal.aborted) {
        const late = new DeadlineExceeded("connection.open-ok", timeoutMs);
        throw new ConnectFailed(late.message, { cause: late });
      }
      const Failure = isVhostRefusal(cause) ? VhostRefused : ConnectFailed;
      throw new Failure((cause as Error).message, { cause, reply: replyOf(cause) });
    } finally {
      clearTimeout(deadline);
      stop.removeEventListener("abort", abort);
    }
  }

  /** False as soon as `ended` settles. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** For the rest of this folder: amqplib's own connection. */
  get model(): ChannelModel {
    return this.#model;
  }

  /** What the broker calls itself: "RabbitMQ", or "worktool" for an embedded broker. */
  get product(): string {
    return String(this.#model.connection.serverProperties.product);
  }

  /**
   * Whether a consumer may ask for more time (`x-consumer-timeout`): since RabbitMQ 4.3. An
   * embedded broker tells whose behaviour it has.
   */
  get grantsConsumerTimeout(): boolean {
    const { product, version, rabbitmq_release: like } = this.#model.connection.serverProperties;
    const [major = 0, minor = 0] = String(product === "RabbitMQ" ? version : like ?? "0")
      .split(".").map(Number);
    return major > 4 || (major === 4 && minor >= 3);
  }

  /**
   * The largest frame that the broker takes (`connection.tune`). amqplib does not document where it
   * keeps it; should that go, the broker refuses a larger one by itself.
   */
  get frameMaxBytes(): number {
    const { frameMax = Infinity } = this.#model.connection as { frameMax?: number };
    return frameMax;
  }

  /**
   * Ends it at the latest then, by `performance.now()`, whatever is still under way: who waits for
   * an answer gets {@linkcode ConnectionLost} with a {@linkcode DeadlineExceeded} as its cause. The
   * first call counts.
   */
  leaveBy(atMs: number): void {
    if (!this.#isOpen) return;
    this.#leaving ??= setTimeout(() => {
      this.#overdue = new DeadlineExceeded("goodbye", GOODBYE_MS);
      this.#socket.abort();
    }, Math.max(0, atMs - performance.now()));
  }

  /** Closes in order; a broker that does not answer is left after two seconds. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      try {
        const ended = Promise.race([this.#model.close(), this.ended]);
        await withDeadline("connection.close-ok", CLOSE_TIMEOUT_MS, ended);
      } catch {
        this.#socket.abort(); // where it did not end by itself, which is what was wanted
      }
    })();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #reason(error: Error | undefined): ConnectionLost | undefined {
    if (this.#overdue) return new ConnectionLost(this.#overdue.message, { cause: this.#overdue });
    if (this.#closing) return undefined;
    const reply = replyOf(error);
    return new ConnectionLost(reply?.replyText ?? error?.message ?? "the connection was closed", {
      cause: error,
      reply,
    });
  }
}

/** The smaller wish of client and broker; amqplib keeps it, but its types do not say so. */
function agreedHeartbeatSeconds({ connection }: ChannelModel): number {
  return (connection as { heartbeat?: number }).heartbeat ?? 0;
}

/**
 * "localhost" is the loopback interface by definition (RFC 6761 section 6.3): asking a name server
 * for it costs a millisecond at every start.
 */
function addressesOf(host: string): readonly string[] {
  return host === "localhost" ? ["127.0.0.1", "::1"] : [host];
}

/**
 * Tries the next address only where nobody listens at one. @throws what the first one failed with
 */
async function connectToFirst(
  [address, ...others]: readonly string[],
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<ChannelModel> {
  try {
    return await connectTo(address!, options, signal);
  } catch (error) {
    const refused = (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
    if (!refused || others.length === 0) throw error;
    return await connectToFirst(others, options, signal).catch(() => {
      throw error;
    });
  }
}

async function connectTo(
  address: string,
  { url, tls, heartbeatSeconds, name, version }: ConnectionOptions,
  signal: AbortSignal,
): Promise<ChannelModel> {
  const model = await connect({
    protocol: url.tls ? "amqps" : "amqp",
    hostname: address,
    port: url.port,
    username: url.username,
    password: url.password,
    vhost: encodeURIComponent(url.vhost), // amqplib unescapes it
    heartbeat: url.heartbeatSeconds ?? heartbeatSeconds,
  }, {
    noDelay: true,
    signal,
    rejectUnauthorized: !tls.insecure,
    ...(isIP(url.host) ? {} : { servername: url.host }),
    ...(tls.ca ? { ca: tls.ca } : {}),
    ...(tls.cert ? { cert: tls.cert } : {}),
    ...(tls.key ? { key: tls.key } : {}),
    clientProperties: {
      connection_name: name,
      product: "worktool",
      version,
      platform: `${process.platform} ${process.arch}`,
      information: "work queues over AMQP 0-9-1",
    },
  } as SocketOptions);
  return model as ChannelModel;
}
