import type { Server, Socket } from "node:net";
import type { Broker } from "./broker.ts";
import type { BrokerEvent } from "./broker_event.ts";
import { Connection } from "./connection/connection.ts";
import { connectionLimit } from "./connection_limit.ts";
import type { Faults } from "./faults/faults.ts";

/** Octets that a connection takes in memory, and its socket (measured). */
const CONNECTION_BYTES = 35_000;

/** Whom connections are served by. */
interface Serving {
  readonly broker: Broker;
  readonly faults: Faults | undefined;
}

/**
 * Lets connections in while there is room for them. Who comes before the broker can serve waits for
 * it: the store is read first.
 */
export class Acceptor implements Disposable {
  /** Those that are served. */
  readonly connections = new Set<Connection>();
  readonly #log: (event: BrokerEvent) => void;
  readonly #limit = connectionLimit();
  readonly #waiting = new Set<Socket>();
  #serving: Serving | undefined;
  #accepted = 0;
  #full = false;

  constructor(server: Server, log: (event: BrokerEvent) => void) {
    this.#log = log;
    server.on("connection", (socket) => this.#came(socket));
    server.on("error", () => {}); // one connection that could not be had is not the broker's end
  }

  /** From now on they are served. */
  serve(serving: Serving): void {
    this.#serving = serving;
    for (const socket of this.#waiting) {
      if (!socket.destroyed) this.#accept(socket, serving);
    }
    this.#waiting.clear();
  }

  #came(socket: Socket): void {
    const connections = this.connections.size + this.#waiting.size;
    const lack = connections >= this.#limit
      ? "open files"
      : this.#serving?.broker.memory.crowded
      ? "memory"
      : undefined;
    if (lack !== undefined && !this.#full) this.#log({ event: "full", connections, lack });
    this.#full = lack !== undefined;
    if (this.#full) socket.destroy();
    else if (this.#serving !== undefined) this.#accept(socket, this.#serving);
    else this.#waiting.add(socket.on("error", () => {})); // it is gone, then
  }

  #accept(socket: Socket, { broker, faults }: Serving): void {
    const number = ++this.#accepted;
    const connection = new Connection(number, socket, broker, faults?.partsFor(number));
    this.connections.add(connection);
    broker.memory.accountConnections(CONNECTION_BYTES);
    void connection.ended.then(() => {
      this.connections.delete(connection);
      broker.memory.accountConnections(-CONNECTION_BYTES);
    });
  }

  /** Lets those go that wait: nobody is going to serve them. */
  [Symbol.dispose](): void {
    for (const socket of this.#waiting) socket.destroy();
    this.#waiting.clear();
  }
}
