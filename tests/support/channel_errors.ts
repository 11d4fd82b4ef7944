import { methodIdBytes } from "./amqp_methods.ts";
import { TcpProxy } from "./tcp_proxy.ts";

const CHANNEL_CLOSE = methodIdBytes("channel.close");

/**
 * Counts how often a broker closes a channel: for each, RabbitMQ writes an `[error]` line in its
 * log.
 */
export class ChannelErrors implements AsyncDisposable {
  readonly #proxy: TcpProxy;
  readonly #seen: { count: number };

  private constructor(proxy: TcpProxy, seen: { count: number }) {
    this.#proxy = proxy;
    this.#seen = seen;
  }

  static async watch(brokerUrl: string): Promise<ChannelErrors> {
    const seen = { count: 0 };
    const proxy = await TcpProxy.start(brokerUrl, () => "pass", (bytes) => {
      for (let at = bytes.indexOf(CHANNEL_CLOSE); at !== -1;) {
        seen.count++;
        at = bytes.indexOf(CHANNEL_CLOSE, at + 1);
      }
    });
    return new ChannelErrors(proxy, seen);
  }

  /** The broker's URL, by way of who counts. */
  get url(): string {
    return this.#proxy.url;
  }

  get count(): number {
    return this.#seen.count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy[Symbol.asyncDispose]();
  }
}
