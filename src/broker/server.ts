import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { Acceptor } from "./acceptor.ts";
import { Broker } from "./broker.ts";
import { type BrokerSettings, withDefaults } from "./broker_settings.ts";
import type { BrokerEvent } from "./broker_event.ts";
import type { FaultPlan } from "./faults/fault.ts";
import type { Faults } from "./faults/faults.ts";
import { type ManagementAddress, ManagementPort } from "./management/management_port.ts";

/** How long connections may take to answer connection.close when the broker stops, in ms. */
const CLOSE_GRACE_MS = 1_000;

/** How to run an embedded broker. */
export interface BrokerOptions extends Partial<BrokerSettings> {
  /** Address to listen on; default `127.0.0.1`. */
  host?: string;
  /** Port to listen on; default 5672, 0 for a free one. */
  port?: number;
  /** Where the management HTTP API listens, if it can; default nowhere. */
  management?: ManagementAddress;
  /** What it does wrong on purpose; default nothing. */
  faults?: FaultPlan;
  /** What RabbitMQ has exported, as JSON; imported before anybody is served. */
  definitions?: string;
}

/** An AMQP 0-9-1 broker listening on a port. */
export class BrokerServer implements AsyncDisposable {
  /** Where clients connect, without credentials: `amqp://127.0.0.1:5672/`. */
  readonly url: string;
  readonly #server: Server;
  readonly #broker: Broker;
  readonly #acceptor: Acceptor;
  readonly #faults: Faults | undefined;
  #management: ManagementPort | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    server: Server,
    broker: Broker,
    acceptor: Acceptor,
    faults: Faults | undefined,
  ) {
    this.#server = server;
    this.#broker = broker;
    this.#acceptor = acceptor;
    this.#faults = faults;
    const { address, family, port } = server.address() as AddressInfo;
    this.url = `amqp://${family === "IPv6" ? `[${address}]` : address}:${port}/`;
    broker.listeners.push({ protocol: "amqp", address, port });
  }

  /**
   * Starts a broker and waits until it accepts connections.
   * @param log told what happens, as data.
   * @param stop ends the start, which may have much to read; its reason is thrown.
   * @throws {DataDirectoryError} when the data directory is in use or cannot be written.
   * @throws {DamagedDataError} when confirmed work is missing there, and that was not accepted.
   * @throws {DefinitionsError} when the definitions cannot be imported.
   * @throws {Error} with `code` EADDRINUSE and the like when it cannot listen.
   */
  static async listen(
    options: BrokerOptions,
    log: (event: BrokerEvent) => void,
    stop?: AbortSignal,
  ): Promise<BrokerServer> {
    // Loaded only where somebody asks for it, and now: who connects must not wait for it.
    const makeFaults = options.faults && await faultMaker(options.faults);
    // Before the store: where it cannot listen it leaves no empty database behind. Who connects
    // while the store is read waits for it.
    const server = await listeningServer(options);
    const acceptor = new Acceptor(server, log);
    let broker: Broker;
    try {
      broker = await Broker.open(withDefaults(options), { emit: log, stop });
    } catch (error) {
      server.close();
      acceptor[Symbol.dispose]();
      throw error;
    }
    const running = new BrokerServer(server, broker, acceptor, makeFaults?.(broker));
    await running.#import(options.definitions);
    acceptor.serve({ broker, faults: running.#faults });
    log({ event: "listening", url: running.url, messages: broker.recoveredMessages });
    await running.#serveManagement(options.management);
    return running;
  }

  async #import(definitions: string | undefined): Promise<void> {
    if (definitions === undefined) return;
    const { importAtStart } = await import("./management/definitions/import_at_start.ts");
    try {
      await importAtStart(this.#broker, definitions);
    } catch (error) {
      this.#server.close();
      this.#acceptor[Symbol.dispose]();
      this.#broker[Symbol.dispose]();
      throw error;
    }
  }

  /** The broker does without it where the port is taken. */
  async #serveManagement(address: ManagementAddress | undefined): Promise<void> {
    if (address === undefined) return;
    try {
      this.#management = await ManagementPort.listen(address, this.#broker);
      this.#broker.emit({ event: "management", url: this.#management.url });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const url = `http://${address.host}:${address.port}/`;
      this.#broker.emit({ event: "management-unavailable", url, reason: code ?? message });
    }
  }

  /** Where its management HTTP API answers, without credentials; undefined for nowhere. */
  get managementUrl(): string | undefined {
    return this.#management?.url;
  }

  /**
   * Stops accepting, closes every connection with 320 CONNECTION_FORCED, writes what is left and
   * releases the data directory. Idempotent.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#server.close();
    this.#management?.[Symbol.dispose]();
    const connections = [...this.#acceptor.connections];
    const ended = Promise.all(connections.map((connection) => connection.shutDown()));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const grace = new Promise((resolve) => timer = setTimeout(resolve, CLOSE_GRACE_MS));
    await Promise.race([ended, grace]);
    clearTimeout(timer);
    for (const connection of connections) connection.drop("dropped");
    this.#faults?.[Symbol.dispose]();
    this.#broker[Symbol.dispose]();
    this.#broker.emit({ event: "closed" });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function faultMaker(plan: FaultPlan): Promise<(broker: Broker) => Faults> {
  const { Faults } = await import("./faults/faults.ts");
  return (broker) => new Faults(plan, broker);
}

async function listeningServer({ host, port }: BrokerOptions): Promise<Server> {
  const { address } = await lookup(host ?? "127.0.0.1"); // the runtime does not say why
  const server = createServer({ noDelay: true }).listen(port ?? 5672, address);
  await once(server, "listening");
  return server;
}
