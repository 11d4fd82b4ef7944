/** Any exchanges and queues, dead letters in circles among them, outlive a crash as they were. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AmqpPeer } from "../support/amqp_peer.ts";
import type { Fields } from "../support/amqp_wire.ts";
import { eventually } from "../support/deadline.ts";
import { EmbeddedBroker } from "../support/embedded_broker.ts";
import { holds } from "../support/property.ts";

const EXCHANGES = 4;
const QUEUES = 4;
const KEYS = ["a", "b"];

const exchange = fc.nat(EXCHANGES - 1);
const topology = fc.record({
  exchanges: fc.array(
    fc.record({
      type: fc.constantFrom("direct", "fanout", "topic"),
      alternate: fc.option(exchange),
    }),
    { minLength: EXCHANGES, maxLength: EXCHANGES },
  ),
  queues: fc.array(
    fc.record({
      letters: fc.option(exchange),
      letterKey: fc.option(fc.constantFrom(...KEYS)),
      gives: fc.constantFrom<Fields>(
        {},
        { "x-message-ttl": 0 },
        { "x-max-length": 0 },
        { "x-max-length": 0, "x-overflow": "reject-publish-dlx" },
        { "x-max-priority": 3, "x-message-ttl": 0 },
      ),
    }),
    { minLength: QUEUES, maxLength: QUEUES },
  ),
  /** From an exchange to an exchange, or to a queue where it is above those. */
  bindings: fc.array(
    fc.record({
      from: exchange,
      to: fc.nat(EXCHANGES + QUEUES - 1),
      key: fc.constantFrom(...KEYS, "#"),
    }),
    { maxLength: 12 },
  ),
});
type Topology = typeof topology extends fc.Arbitrary<infer Value> ? Value : never;

Deno.test("any topology outlives a crash: the same messages come to the same queues", async () => {
  await using broker = await EmbeddedBroker.start();
  let run = 0;
  const law = fc.asyncProperty(topology, async (topology) => {
    const prefix = `${++run}.`;
    const before = await withPeer(broker, async (peer) => {
      await declare(peer, prefix, topology);
      return await depthsAfterOneOfEach(peer, prefix);
    });
    await broker.kill();
    await broker.start();
    await withPeer(broker, async (peer) => {
      assert.deepEqual(await depths(peer, prefix), before);
      const twice = before.map((count) => 2 * count);
      assert.deepEqual(await depthsAfterOneOfEach(peer, prefix), twice);
    });
  });
  await holds(law, { runs: 20 });
  assert.equal(await broker.stop(), 0);
});

async function withPeer<T>(
  { url }: EmbeddedBroker,
  body: (peer: AmqpPeer) => Promise<T>,
): Promise<T> {
  await using peer = await AmqpPeer.open(url);
  await peer.openChannel(1);
  await peer.call(1, "confirm.select");
  return await body(peer);
}

async function declare(
  peer: AmqpPeer,
  prefix: string,
  { exchanges, queues, bindings }: Topology,
): Promise<void> {
  const durable = true;
  for (const [at, { type, alternate }] of exchanges.entries()) {
    const args = alternate === null ? {} : { "alternate-exchange": `${prefix}${alternate}` };
    const exchange = `${prefix}${at}`;
    await peer.call(1, "exchange.declare", { exchange, type, durable, arguments: args });
  }
  for (const [at, { letters, letterKey, gives }] of queues.entries()) {
    const args = {
      ...gives,
      ...letters === null ? {} : { "x-dead-letter-exchange": `${prefix}${letters}` },
      ...letters === null || letterKey === null ? {} : { "x-dead-letter-routing-key": letterKey },
    };
    await peer.call(1, "queue.declare", { queue: `${prefix}${at}`, durable, arguments: args });
  }
  // What is dead-lettered later than all the rest.
  await peer.call(1, "queue.declare", { queue: `${prefix}last`, durable });
  const toLast = {
    "x-message-ttl": 0,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": `${prefix}last`,
  };
  await peer.call(1, "queue.declare", { queue: `${prefix}first`, durable, arguments: toLast });
  for (const { from, to, key } of bindings) {
    const routingKey = key;
    if (to < EXCHANGES) {
      const ends = { source: `${prefix}${from}`, destination: `${prefix}${to}` };
      await peer.call(1, "exchange.bind", { ...ends, routingKey });
    } else {
      const ends = { exchange: `${prefix}${from}`, queue: `${prefix}${to - EXCHANGES}` };
      await peer.call(1, "queue.bind", { ...ends, routingKey });
    }
  }
}

/** Publishes a message with each key to each exchange, and waits until all are where they stay. */
async function depthsAfterOneOfEach(peer: AmqpPeer, prefix: string): Promise<number[]> {
  const properties = { deliveryMode: 2 };
  for (let at = 0; at < EXCHANGES; at++) {
    for (const routingKey of KEYS) {
      peer.publish(1, { exchange: `${prefix}${at}`, routingKey }, "x", { properties });
      await peer.nextFrame("a confirm"); // a full queue may refuse
    }
  }
  const before = await depth(peer, `${prefix}last`);
  peer.publish(1, { routingKey: `${prefix}first` }, "last", { properties });
  await peer.expect("basic.ack", 1);
  await eventually("the last dead letter", async () => {
    return await depth(peer, `${prefix}last`) > before;
  });
  return await depths(peer, prefix);
}

async function depths(peer: AmqpPeer, prefix: string): Promise<number[]> {
  const counts: number[] = [];
  for (let at = 0; at < QUEUES; at++) counts.push(await depth(peer, `${prefix}${at}`));
  return counts;
}

async function depth(peer: AmqpPeer, queue: string): Promise<number> {
  return Number((await peer.call(1, "queue.declare", { queue, passive: true })).messageCount);
}
