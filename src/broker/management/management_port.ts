import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Broker } from "../broker.ts";

/** Connections that are served at a time; more are closed at once. */
const MOST_CONNECTIONS = 100;

/** Where the management HTTP API listens. */
export interface ManagementAddress {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
}

/** The port of the management HTTP API; what answers there is loaded for the first who asks. */
export class ManagementPort implements Disposable {
  /** `http://127.0.0.1:15672/` */
  readonly url: string;
  readonly #server: Server;
  readonly #broker: Broker;
  readonly #host: string;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, broker: Broker) {
    this.#server = server;
    this.#broker = broker;
    const { address, family, port } = server.address() as AddressInfo;
    this.#host = address;
    this.url = `http://${family === "IPv6" ? `[${address}]` : address}:${port}/`;
    broker.listeners.push({ protocol: "http", address, port });
    server.maxConnections = MOST_CONNECTIONS;
    server.on("connection", (socket) => void this.#accept(socket));
    server.on("error", () => {}); // it refuses one connection, not all
  }

  /** @throws {Error} with `code` EADDRINUSE and the like when it cannot listen. */
  static async listen({ host, port }: ManagementAddress, broker: Broker): Promise<ManagementPort> {
    const { address } = await lookup(host);
    const server = createServer({ noDelay: true, pauseOnConnect: true }).listen(port, address);
    await once(server, "listening");
    return new ManagementPort(server, broker);
  }

  async #accept(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {}); // it closes
    const { ManagementApi } = await import("./management_api.ts");
    if (!socket.destroyed) new ManagementApi(this.#broker, this.#host).serve(socket);
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
