import { randomUUID } from "node:crypto";
import { AmqpPeer, type OpenOptions } from "../support/amqp_peer.ts";
import { type BehaviourOptions, brokerList, type Release } from "../support/broker_list.ts";
import { eventually, wholeTest } from "../support/deadline.ts";
import { Client, type ClientOptions } from "./client.ts";
import { deviationsOf } from "../support/deviations.ts";

/**
 * Registers a behaviour as one test for each broker.
 *
 * The test fails if it leaves a connection open; queues and exchanges that it named through the
 * broker are deleted afterwards.
 */
export function behaviour(
  sentence: string,
  body: (broker: Broker) => Promise<void>,
  { releases }: BehaviourOptions = {},
): void {
  const all = [...brokerList.shared, ...brokerList.older];
  if (all.length === 0) Deno.test.ignore(`${sentence} [no broker]`, () => {});
  for (const { name, url, release } of all) {
    if (releases?.includes(release) === false) continue;
    const reason = deviationsOf(name)[sentence];
    if (reason) {
      Deno.test.ignore(`${sentence} [${name}: ${reason}]`, () => {});
    } else {
      const title = `${sentence} [${name}]`;
      Deno.test(
        title,
        () => onBroker({ url, release }, (broker) => wholeTest(title, () => body(broker))),
      );
    }
  }
}

/** Runs a test's body on a broker, tidies up after it, and fails it for what it left open. */
export async function onBroker(
  { url, release }: { url: string; release: Release },
  body: (broker: Broker) => Promise<void>,
): Promise<void> {
  const broker = new Broker(url, release);
  try {
    await body(broker);
  } finally {
    await broker.deleteNamed();
  }
  const open = broker.leftOpen();
  if (open > 0) throw new Error(`the test left ${open} connections open`);
}

/** A broker as one test sees it: ways in, and names that no other test uses. */
export class Broker {
  readonly url: string;
  /** Whose behaviour to expect. */
  readonly release: Release;
  readonly #queues: string[] = [];
  readonly #exchanges: string[] = [];
  readonly #connections: { isClosed: boolean }[] = [];

  constructor(url: string, release: Release) {
    this.url = url;
    this.release = release;
  }

  /** A connection of the ordinary client. */
  async connect(options: ClientOptions = {}): Promise<Client> {
    return this.#track(await Client.connect(this.url, options));
  }

  /** A raw peer after the handshake. */
  async peer(options: OpenOptions = {}): Promise<AmqpPeer> {
    return this.#track(await AmqpPeer.open(this.url, options));
  }

  /** A raw peer that has not said anything yet. */
  async dial(): Promise<AmqpPeer> {
    return this.#track(await AmqpPeer.dial(this.url));
  }

  /** A new queue name; the queue is deleted after the test. */
  queueName(): string {
    const name = `conformance.queue.${randomUUID()}`;
    this.#queues.push(name);
    return name;
  }

  /** A new exchange name; the exchange is deleted after the test. */
  exchangeName(): string {
    const name = `conformance.exchange.${randomUUID()}`;
    this.#exchanges.push(name);
    return name;
  }

  leftOpen(): number {
    return this.#connections.filter((connection) => !connection.isClosed).length;
  }

  /**
   * Deletes every queue and exchange that {@linkcode queueName} and {@linkcode exchangeName} named.
   */
  async deleteNamed(): Promise<void> {
    if (this.#queues.length + this.#exchanges.length === 0) return;
    await eventually("exclusive queues to go with their connections", async () => {
      try {
        await this.#deleteNamed();
        return true;
      } catch (error) {
        if (/RESOURCE_LOCKED/.test(String(error))) return false; // they go a moment later
        throw error;
      }
    });
  }

  async #deleteNamed(): Promise<void> {
    await using peer = await AmqpPeer.open(this.url);
    await peer.openChannel(1);
    for (const queue of this.#queues) await peer.call(1, "queue.delete", { queue });
    for (const exchange of this.#exchanges) await peer.call(1, "exchange.delete", { exchange });
    await peer.close();
  }

  #track<T extends { isClosed: boolean }>(connection: T): T {
    this.#connections.push(connection);
    return connection;
  }
}
