import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { encodeFrame, FRAME_METHOD } from "./amqp_frame.ts";
import { encodeMethod } from "./amqp_wire.ts";

/** What a proxy does with bytes from the client: pass them on, or answer in the broker's place. */
export type Intercept = (bytes: Buffer, answer: (bytes: Buffer) => void) => "pass" | "drop";

/** Sees bytes from the broker as they pass; `cut` ends their connection with a reset. */
export type Observe = (bytes: Buffer, cut: () => void) => void;

/** A TCP proxy in front of a broker that can fall silent, cut its connections, or answer itself. */
export class TcpProxy implements AsyncDisposable {
  /** The broker's URL, by way of this proxy. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Of connections that have fallen silent. */
  readonly #silent = new Set<Socket>();
  #refusing = false;

  private constructor(server: Server, brokerUrl: string) {
    this.#server = server;
    const url = new URL(brokerUrl);
    url.hostname = "127.0.0.1";
    url.port = String((server.address() as AddressInfo).port);
    this.url = url.href;
  }

  static async start(
    brokerUrl: string,
    intercept: Intercept = () => "pass",
    observe: Observe = () => {},
  ): Promise<TcpProxy> {
    const { hostname, port } = new URL(brokerUrl);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = new TcpProxy(server, brokerUrl);
    server.on("connection", (client) => {
      if (proxy.#refusing) return client.resetAndDestroy();
      const broker = connect(
        Number(port || 5672),
        hostname === "localhost" ? "127.0.0.1" : hostname,
      );
      proxy.#join(client, broker, { intercept, observe });
    });
    return proxy;
  }

  /** From now on nobody gets through; those who are connected stay. */
  refuse(): void {
    this.#refusing = true;
  }

  accept(): void {
    this.#refusing = false;
  }

  /**
   * From now on nothing passes on the connections that there are, and nobody is told: half-open.
   */
  silence(): void {
    for (const socket of this.#sockets) this.#silent.add(socket);
  }

  /**
   * Ends of silenced connections that are still open: neither worktool nor the broker knows yet.
   */
  get halfOpen(): number {
    return [...this.#sockets].filter((socket) => this.#silent.has(socket)).length;
  }

  /** Ends every connection with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(
    client: Socket,
    broker: Socket,
    { intercept, observe }: { intercept: Intercept; observe: Observe },
  ): void {
    const answer = (bytes: Buffer) => client.write(bytes);
    const cut = () => client.resetAndDestroy();
    client.on("data", (bytes) => {
      if (!this.#silent.has(client) && intercept(bytes, answer) === "pass") broker.write(bytes);
    });
    broker.on("data", (bytes) => {
      if (this.#silent.has(broker)) return;
      client.write(bytes);
      observe(bytes, cut);
    });
    for (const [socket, other] of [[client, broker], [broker, client]] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(); // else a small frame may wait 40 ms for the acknowledgement of another
      socket.on("error", () => {}); // "close" follows
      socket.on("close", () => {
        this.#sockets.delete(socket);
        if (!this.#silent.delete(socket)) other.destroy();
      });
    }
  }
}

/** A `connection.close` frame as a broker would send it. */
export function connectionClose(replyCode: number, replyText: string): Buffer {
  const args = { replyCode, replyText: Buffer.from(replyText).subarray(0, 255) };
  return encodeFrame(FRAME_METHOD, 0, encodeMethod("connection.close", args));
}
