import assert from "node:assert/strict";
import { brokerList } from "../support/broker_list.ts";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { EmbeddedBroker } from "../support/embedded_broker.ts";
import { within } from "../support/deadline.ts";

/** For all that a client does in one test; an interpreter must start too. */
const DEADLINE_MS = 60_000;

/** What someone else's AMQP client is asked to do, each in its own idiom. */
export interface ForeignClient {
  /**
   * Declares a durable queue, publishes the bodies as persistent messages and waits for each
   * confirm, counts what is ready, consumes all with acks, counts again.
   */
  work(url: string, queue: string, bodies: readonly string[]): Promise<Work>;
  /**
   * Declares both queues, the first with dead letters to the second, and publishes one message to
   * it. Nacks the first delivery with requeue, the second without, and takes the dead letter.
   */
  nack(url: string, queue: string, deadLetterQueue: string): Promise<Nacks>;
  /**
   * Reply codes by name: the durable queue declared as transient, a missing queue, and a mandatory
   * message that no queue takes. The connection lives on: each has a channel of its own.
   */
  errors(url: string, queue: string, missingQueue: string): Promise<string[]>;
  /**
   * Publishes `a`, `b`, `c` persistent with confirms to a durable queue, asks for the restart,
   * connects again, publishes `d` and consumes all four with acks.
   */
  outlive(url: string, queue: string, restart: () => Promise<void>): Promise<string[]>;
}

export interface Work {
  readonly ready: number;
  readonly received: readonly string[];
  readonly left: number;
}

export interface Nacks {
  /** The mark on the deliveries of one message: first, and after the requeue. */
  readonly redelivered: readonly boolean[];
  /** The dead letter's body and the reason in its `x-death` header. */
  readonly dead: readonly [body: string, reason: string];
}

/**
 * Registers what every client must manage, on each broker; the restart on an embedded broker of its
 * own.
 * @param missing the package that is not installed here: the tests are ignored by that name.
 */
export function foreignClient(name: string, client: ForeignClient, missing?: string): void {
  const on = foreignTests(name, missing);
  on.eachBroker("works through a durable queue", async (broker) => {
    const bodies = ["first", "", "dritte Aufgabe: äöü"];
    assert.deepEqual(await client.work(broker.url, broker.queue(), bodies), {
      ready: 3,
      received: bodies,
      left: 0,
    });
  });
  on.eachBroker("gets back what it requeues, and dead-letters the rest", async (broker) => {
    assert.deepEqual(await client.nack(broker.url, broker.queue(), broker.queue()), {
      redelivered: [false, true],
      dead: ["bad", "rejected"],
    });
  });
  on.eachBroker("is told what it did wrong", async (broker) => {
    const errors = await client.errors(broker.url, broker.queue(), broker.queue());
    assert.deepEqual(errors, ["PRECONDITION_FAILED", "NOT_FOUND", "NO_ROUTE"]);
  });
  on.ownBroker("outlives a restart of the broker", async (broker) => {
    const received = await client.outlive(broker.url, "durable", () => restart(broker));
    assert.deepEqual(received, ["a", "b", "c", "d"]);
  });
}

/** Ways to register tests of one client. */
export function foreignTests(name: string, missing?: string) {
  return {
    /** A test for each broker. */
    eachBroker(sentence: string, body: (broker: Broker) => Promise<void>): void {
      if (missing) return ignore(`${name} ${sentence}`, missing);
      brokerTest(`${name} ${sentence}`, async (broker) => {
        await within(body(broker), `${name} to finish`, DEADLINE_MS);
      });
    },
    /** A test on an embedded broker that it may stop, kill and start. */
    ownBroker(sentence: string, body: (broker: EmbeddedBroker) => Promise<void>): void {
      if (missing) return ignore(`${name} ${sentence}`, missing);
      for (const embedded of brokerList.embedded) {
        Deno.test(`${name} ${sentence} [${embedded.name}]`, async () => {
          await using broker = await EmbeddedBroker.start(embedded.options);
          await within(body(broker), `${name} to finish`, DEADLINE_MS);
        });
      }
    },
  };
}

export async function restart(broker: EmbeddedBroker): Promise<void> {
  await broker.stop();
  await broker.start();
}

function ignore(sentence: string, missing: string): void {
  Deno.test.ignore(`${sentence} [missing: ${missing}]`, () => {});
}
