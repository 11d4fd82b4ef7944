/** Quorum queues (x-queue-type quorum), as one node keeps them. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel, Options } from "amqplib";
import type { Fields } from "../support/amqp_wire.ts";
import { behaviour, type Broker } from "./brokers.ts";
import { channelRefused, confirmed, consume, drain, get, send } from "./client.ts";

const QUORUM = { "x-queue-type": "quorum" };

behaviour("a quorum queue takes, confirms and gives messages in order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await quorumQueue(broker, channel);
  for (const body of ["a", "b", "c"]) {
    assert.equal(await confirmed(channel, { routingKey: queue }, body), "ack");
  }
  const deliveries = await consume(channel, queue);
  assert.deepEqual(await deliveries.bodies(3), ["a", "b", "c"]);
});

const refusals: [what: string, declare: Fields][] = [
  ["is not durable", { durable: false, arguments: QUORUM }],
  ["is exclusive", { durable: true, exclusive: true, arguments: QUORUM }],
  ["is auto-delete", { durable: true, autoDelete: true, arguments: QUORUM }],
  ["is lazy", { durable: true, arguments: { ...QUORUM, "x-queue-mode": "lazy" } }],
  ["has priorities", { durable: true, arguments: { ...QUORUM, "x-max-priority": 5 } }],
];

for (const [what, declare] of refusals) {
  behaviour(`a quorum queue that ${what} is refused with 406`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    peer.send(1, "queue.declare", { queue: broker.queueName(), ...declare });
    await peer.expectChannelClose(1, 406);
    await peer.close();
  });
}

behaviour("a quorum queue is not a classic queue: 406", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const queue = broker.queueName();
  await peer.call(1, "queue.declare", { queue, durable: true, arguments: QUORUM });
  peer.send(1, "queue.declare", { queue, durable: true });
  await peer.expectChannelClose(1, 406);
  await peer.close();
});

behaviour(
  "a global prefetch count with a quorum queue is connection error 540, where there is one",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const queue = await quorumQueue(broker, channel);
    await channel.prefetch(1, true);
    if (broker.release === "4.3") await channel.consume(queue, () => {});
    else await client.refused(540, () => channel.consume(queue, () => {}));
  },
);

/** The headers of each delivery after a nack, a reject and a nack that put it back. */
const COUNTS = {
  "3.10": [{}, { delivery: 1 }, { delivery: 2 }, { delivery: 3 }],
  "4.0": [{}, { delivery: 1 }, { delivery: 2 }, { delivery: 3 }],
  "4.3": [{}, { acquired: 1 }, { acquired: 2, delivery: 1 }, { acquired: 3, delivery: 1 }],
};

behaviour("a quorum queue counts deliveries that came back", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await quorumQueue(broker, channel);
  await confirmed(channel, { routingKey: queue }, "a");
  const deliveries = await consume(channel, queue);
  for (const [returns, counts] of COUNTS[broker.release].entries()) {
    const message = await deliveries.next();
    const { acquired, delivery }: { acquired?: number; delivery?: number } = counts;
    const headers = message.properties.headers ?? {};
    assert.equal(headers["x-acquired-count"], acquired);
    assert.equal(headers["x-delivery-count"], delivery);
    assert.equal(message.fields.redelivered, returns > 0);
    if (returns === 1) channel.reject(message);
    else if (returns < 3) channel.nack(message);
    else channel.ack(message);
  }
});

behaviour("a quorum queue gives up after 20 failures by itself, since 4.0", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const dead = (await channel.assertQueue("", { exclusive: true })).queue;
  const letters = await consume(channel, dead);
  const options = { deadLetterExchange: "", deadLetterRoutingKey: dead };
  const queue = await quorumQueue(broker, channel, options);
  await confirmed(channel, { routingKey: queue }, "poison");
  const deliveries = await consume(channel, queue);
  for (let failures = 0; failures < 21; failures++) channel.reject(await deliveries.next());
  if (broker.release === "3.10") return channel.ack(await deliveries.next());
  const [death] = (await letters.next()).properties.headers?.["x-death"] ?? [];
  assert.equal(death?.reason, "delivery_limit");
});

/** In which order messages of these priorities leave a quorum queue. */
const PRIORITIES = [0, 1, undefined, 4, 5, 9, 31, 255];
const ORDERS = {
  "3.10": [0, 1, undefined, 4, 5, 9, 31, 255],
  "4.0": [5, 9, 0, 31, 255, 1, undefined, 4], // above 4 and the others, 2 : 1
  "4.3": [31, 255, 9, 5, undefined, 4, 1, 0],
};

behaviour("a quorum queue knows the priorities that its release knows", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await quorumQueue(broker, channel);
  for (const priority of PRIORITIES) {
    const options = priority === undefined ? {} : { priority };
    await confirmed(channel, { routingKey: queue }, `${priority}`, options);
  }
  const expected = ORDERS[broker.release].map((priority) => `${priority}`);
  assert.deepEqual(await drain(channel, queue), expected);
});

behaviour("what comes back to a quorum queue without a limit leaves", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await quorumQueue(broker, channel);
  for (const body of "abcd") await confirmed(channel, { routingKey: queue }, body);
  const [a, b] = [await get(channel, queue, {}), await get(channel, queue, {})];
  channel.nack(b);
  channel.nack(a);
  await channel.checkQueue(queue);
  const order = broker.release === "3.10" ? ["c", "d", "b", "a"] : ["b", "a", "c", "d"];
  assert.deepEqual(await drain(channel, queue), order);
});

behaviour(
  "x-delivery-limit makes a message that comes back too often a dead letter",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const dead = (await channel.assertQueue("", { exclusive: true })).queue;
    const letters = await consume(channel, dead);
    const queue = await quorumQueue(broker, channel, {
      deadLetterExchange: "",
      deadLetterRoutingKey: dead,
      arguments: { "x-delivery-limit": 2 },
    });
    await confirmed(channel, { routingKey: queue }, "poison");
    const deliveries = await consume(channel, queue);
    for (let i = 0; i < 3; i++) channel.reject(await deliveries.next());
    const letter = await letters.next();
    const [death] = letter.properties.headers?.["x-death"] ?? [];
    assert.deepEqual([letter.content.toString(), death?.reason], ["poison", "delivery_limit"]);
  },
);

behaviour("x-delivery-limit without dead letters drops the message", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await quorumQueue(broker, channel, { arguments: { "x-delivery-limit": 0 } });
  await confirmed(channel, { routingKey: queue }, "poison");
  await confirmed(channel, { routingKey: queue }, "next");
  await channel.prefetch(1);
  const deliveries = await consume(channel, queue);
  channel.reject(await deliveries.next());
  assert.deepEqual(await deliveries.bodies(1), ["next"]);
});

behaviour("a rejected message of a quorum queue becomes a dead letter", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const dead = (await channel.assertQueue("", { exclusive: true })).queue;
  const letters = await consume(channel, dead);
  const options = { deadLetterExchange: "", deadLetterRoutingKey: dead };
  const queue = await quorumQueue(broker, channel, options);
  await confirmed(channel, { routingKey: queue }, "a");
  channel.reject(await get(channel, queue, {}), false);
  assert.deepEqual(await letters.bodies(1), ["a"]);
});

behaviour("a quorum queue gives back what a closed channel held", async (broker) => {
  await using client = await broker.connect();
  const [channel, other] = [await client.channel(), await client.channel()];
  const queue = await quorumQueue(broker, channel);
  await confirmed(channel, { routingKey: queue }, "a");
  await (await consume(channel, queue)).take(1);
  await channel.close();
  const again = await (await consume(other, queue)).next();
  assert.deepEqual([again.content.toString(), again.fields.redelivered], ["a", true]);
});

behaviour("a quorum queue takes x-message-ttl and expiration", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const dead = (await channel.assertQueue("", { exclusive: true })).queue;
  const letters = await consume(channel, dead);
  const options = { deadLetterExchange: "", deadLetterRoutingKey: dead, messageTtl: 3_600_000 };
  const queue = await quorumQueue(broker, channel, options);
  channel.sendToQueue(queue, Buffer.from("a"), { expiration: 20 });
  assert.deepEqual(await letters.bodies(1), ["a"]);
});

behaviour("a full quorum queue with reject-publish refuses with a nack", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const options = { maxLength: 1, arguments: { "x-overflow": "reject-publish" } };
  const queue = await quorumQueue(broker, channel, options);
  const outcomes = new Set<string>();
  for (let i = 0; i < 10 && !outcomes.has("nack"); i++) { // the limit may be passed by a few
    outcomes.add(await confirmed(channel, { routingKey: queue }, "x"));
  }
  assert(outcomes.has("nack"));
});

behaviour("what comes back to a full quorum queue with reject-publish stays", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const options = { maxLength: 1, arguments: { "x-overflow": "reject-publish" } };
  const queue = await quorumQueue(broker, channel, options);
  send(channel, queue, "a");
  await channel.waitForConfirms();
  const held = await get(channel, queue, {});
  assert.equal(await confirmed(channel, { routingKey: queue }, "b"), "ack");
  channel.nack(held);
  const deliveries = await consume(channel, queue);
  assert.deepEqual((await deliveries.bodies(2)).sort(), ["a", "b"]);
});

behaviour("a full quorum queue drops its oldest messages", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await quorumQueue(broker, channel, { maxLength: 1 });
  for (const body of ["a", "b", "c"]) await confirmed(channel, { routingKey: queue }, body);
  assert.equal((await get(channel, queue)).content.toString(), "c");
});

behaviour("a quorum queue may have a single active consumer", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const args = { arguments: { "x-single-active-consumer": true } };
  const queue = await quorumQueue(broker, channel, args);
  const [first, second] = [await consume(channel, queue), await consume(channel, queue)];
  send(channel, queue, "a", "b");
  assert.deepEqual(await first.bodies(2), ["a", "b"]);
  await channel.cancel(first.consumerTag);
  send(channel, queue, "c");
  assert.deepEqual(await second.bodies(1), ["c"]);
});

behaviour("purge and delete of a quorum queue count its messages", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await quorumQueue(broker, channel);
  for (let i = 0; i < 2; i++) await confirmed(channel, { routingKey: queue }, "x");
  assert.equal((await channel.purgeQueue(queue)).messageCount, 2);
  await confirmed(channel, { routingKey: queue }, "x");
  assert.equal((await channel.deleteQueue(queue)).messageCount, 1);
});

behaviour(
  "basic.get from a quorum queue tells the count of failed deliveries, in 3.10 also 0",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const queue = await quorumQueue(broker, channel);
    assert.equal(await confirmed(channel, { routingKey: queue }, "a"), "ack");
    const first = await get(channel, queue, {});
    const expected = broker.release === "3.10" ? 0 : undefined;
    assert.equal(first.properties.headers?.["x-delivery-count"], expected);
  },
);

behaviour("a quorum queue knows no exclusive consumers", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = await quorumQueue(broker, channel);
  for (const exclusive of [true, false, true]) {
    await channel.consume(queue, () => {}, { exclusive });
  }
});

for (const flag of ["ifUnused", "ifEmpty"]) {
  behaviour(
    `a quorum queue cannot be deleted with ${flag}: connection error 540`,
    async (broker) => {
      await using client = await broker.connect();
      const channel = await client.channel();
      const queue = await quorumQueue(broker, channel);
      const name = flag === "ifUnused" ? "if-unused" : "if-empty";
      const refusal = await client.refused(540, () => channel.deleteQueue(queue, { [flag]: true }));
      assert.match(
        refusal.message,
        new RegExp(
          `queue.delete operations with ${name} flag set are not supported by quorum queues`,
        ),
      );
    },
  );
}

behaviour("basic.get from a quorum queue with a single active consumer is 405", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const args = { arguments: { "x-single-active-consumer": true } };
  const queue = await quorumQueue(broker, channel, args);
  const refusal = await channelRefused(channel, 405, () => channel.get(queue));
  const type = broker.release === "4.3" ? '<<"quorum">>' : "quorum";
  assert.ok(
    refusal.message.includes(`basic.get operations are not supported by ${type} queues with`),
  );
});

behaviour(
  "a quorum queue gives what comes back to its consumers before it drops",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const args = { maxLength: 1, arguments: { "x-delivery-limit": 5 } };
    const queue = await quorumQueue(broker, channel, args);
    await channel.prefetch(2);
    const deliveries = await consume(channel, queue);
    send(channel, queue, "a", "b");
    const held = [await deliveries.next(), await deliveries.next()];
    channel.nack(held[1]!, true, true);
    assert.deepEqual(await deliveries.bodies(2), ["a", "b"]);
  },
);

async function quorumQueue(
  broker: Broker,
  channel: ConfirmChannel,
  options: Options.AssertQueue = {},
): Promise<string> {
  const queue = broker.queueName();
  const args = { ...QUORUM, ...options.arguments };
  await channel.assertQueue(queue, { durable: true, ...options, arguments: args });
  return queue;
}
