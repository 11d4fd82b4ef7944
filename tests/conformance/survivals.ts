import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel } from "amqplib";
import type { Release } from "../support/broker_list.ts";
import { channelRefused, confirmed, consume, drain, get, ready } from "./client.ts";

/** One thing that a restart keeps or drops: made before, looked at after. */
export interface Survival {
  sentence: string;
  /** Where it holds; everywhere unless given. */
  releases?: readonly Release[];
  before(channel: ConfirmChannel): Promise<unknown>;
  after(channel: ConfirmChannel): Promise<unknown>;
}

/**
 * What holds for a crash as well as for a stop.
 *
 * @param prefix keeps the names of several runs apart
 * @param awayMs longer than the broker is away
 */
export function survivals(prefix: string, awayMs: number): Survival[] {
  const name = (suffix: string) => `${prefix}.${suffix}`;
  return [
    {
      sentence: "persistent messages of durable queues stay, in order",
      before: async (channel) => {
        await channel.assertQueue(name("kept"), { durable: true });
        for (const body of ["a", "b", "c"]) await persist(channel, name("kept"), body);
      },
      after: async (channel) => {
        assert.deepEqual(await drain(channel, name("kept")), ["a", "b", "c"]);
      },
    },
    {
      sentence: "a message keeps its properties",
      before: async (channel) => {
        await channel.assertQueue(name("properties"), { durable: true });
        const options = {
          persistent: true,
          messageId: "id",
          priority: 7,
          headers: { a: [1, "b"] },
        };
        channel.sendToQueue(name("properties"), Buffer.from("x"), options);
      },
      after: async (channel) => {
        const { messageId, priority, headers } =
          (await get(channel, name("properties"))).properties;
        assert.deepEqual([messageId, priority, headers], ["id", 7, { a: [1, "b"] }]);
      },
    },
    {
      sentence: "transient messages go, their durable queue stays",
      before: async (channel) => {
        await channel.assertQueue(name("emptied"), { durable: true });
        await confirmed(channel, { routingKey: name("emptied") }, "transient");
      },
      after: async (channel) => assert.equal(await ready(channel, name("emptied")), 0),
    },
    {
      sentence: "a transient queue goes",
      before: (channel) => channel.assertQueue(name("transient"), { durable: false }),
      after: (channel) => channelRefused(channel, 404, () => channel.checkQueue(name("transient"))),
    },
    {
      sentence: "an exclusive queue goes, durable or not",
      before: (channel) => channel.assertQueue(name("mine"), { durable: true, exclusive: true }),
      after: (channel) => channelRefused(channel, 404, () => channel.checkQueue(name("mine"))),
    },
    {
      sentence: "a deleted queue does not come back",
      before: async (channel) => {
        await channel.assertQueue(name("deleted"), { durable: true });
        await persist(channel, name("deleted"), "x");
        await channel.deleteQueue(name("deleted"));
      },
      after: (channel) => channelRefused(channel, 404, () => channel.checkQueue(name("deleted"))),
    },
    {
      sentence: "a durable exchange stays",
      before: async (channel) => {
        await channel.assertExchange(name("durable"), "direct", { durable: true });
      },
      after: async (channel) => {
        await channel.assertExchange(name("durable"), "direct", { durable: true });
      },
    },
    {
      sentence: "a transient exchange goes",
      releases: ["3.10", "4.0"], // RabbitMQ 4.3 keeps it, see docs/broker.md
      before: async (channel) => {
        await channel.assertExchange(name("transient"), "direct", { durable: false });
      },
      after: async (channel) => {
        await channelRefused(channel, 404, () => channel.checkExchange(name("transient")));
      },
    },
    {
      sentence: "bindings between durable ones stay",
      before: async (channel) => {
        await channel.assertExchange(name("outer"), "topic", { durable: true });
        await channel.assertExchange(name("inner"), "headers", { durable: true });
        await channel.assertQueue(name("bound"), { durable: true });
        await channel.bindExchange(name("inner"), name("outer"), "a.*");
        await channel.bindQueue(name("bound"), name("inner"), "", { "x-match": "all", h: 1 });
      },
      after: async (channel) => {
        channel.publish(name("outer"), "a.b", Buffer.from("x"), { headers: { h: 1 } });
        channel.publish(name("outer"), "a.b", Buffer.from("y"), { headers: { h: 2 } });
        assert.equal(await ready(channel, name("bound")), 1);
      },
    },
    {
      sentence: "a binding that was removed does not come back",
      before: async (channel) => {
        await channel.assertQueue(name("unbound"), { durable: true });
        await channel.bindQueue(name("unbound"), "amq.direct", name("key"));
        await channel.unbindQueue(name("unbound"), "amq.direct", name("key"));
      },
      after: async (channel) => {
        channel.publish("amq.direct", name("key"), Buffer.from("x"));
        assert.equal(await ready(channel, name("unbound")), 0);
      },
    },
    {
      sentence: "a queue keeps its arguments",
      before: (channel) => channel.assertQueue(name("limited"), { durable: true, maxLength: 2 }),
      after: async (channel) => {
        await channel.assertQueue(name("limited"), { durable: true, maxLength: 2 });
        for (let i = 0; i < 3; i++) await persist(channel, name("limited"), "x");
        assert.equal(await ready(channel, name("limited")), 2);
      },
    },
    {
      sentence: "an exchange keeps its alternate",
      before: async (channel) => {
        const alternateExchange = name("alternate");
        await channel.assertExchange(alternateExchange, "fanout", { durable: true });
        await channel.assertExchange(name("main"), "direct", { durable: true, alternateExchange });
        await channel.assertQueue(name("other"), { durable: true });
        await channel.bindQueue(name("other"), alternateExchange, "");
      },
      after: async (channel) => {
        channel.publish(name("main"), "nowhere", Buffer.from("x"));
        assert.equal(await ready(channel, name("other")), 1);
      },
    },
    {
      sentence: "delivered and unacknowledged messages come back in their place",
      before: async (channel) => {
        await channel.assertQueue(name("held"), { durable: true });
        for (const body of ["a", "b", "c"]) await persist(channel, name("held"), body);
        await channel.prefetch(2);
        await (await consume(channel, name("held"))).take(2);
      },
      after: async (channel) => {
        assert.deepEqual(await drain(channel, name("held")), ["a", "b", "c"]);
      },
    },
    {
      sentence: "a priority queue keeps its order",
      before: async (channel) => {
        await channel.assertQueue(name("priority"), { durable: true, maxPriority: 9 });
        for (const [body, priority] of [["low", 1], ["high", 8]] as const) {
          const options = { persistent: true, priority };
          await confirmed(channel, { routingKey: name("priority") }, body, options);
        }
      },
      after: async (channel) => {
        assert.deepEqual(await drain(channel, name("priority")), ["high", "low"]);
      },
    },
    {
      sentence: "a message still expires, and becomes a dead letter",
      before: async (channel) => {
        await channel.assertQueue(name("dead"), { durable: true });
        await channel.assertQueue(name("expiring"), {
          durable: true,
          deadLetterExchange: "",
          deadLetterRoutingKey: name("dead"),
        });
        // Not before RabbitMQ is there again: while it goes or comes, a dead letter is lost.
        await persist(channel, name("expiring"), "x", { expiration: awayMs });
      },
      after: async (channel) => {
        assert.deepEqual(await (await consume(channel, name("dead"))).bodies(1), ["x"]);
      },
    },
  ];
}

/**
 * What a stop in order keeps, and a crash may not: RabbitMQ writes acknowledgements and deliveries
 * with a delay, and cannot elect a leader for a quorum queue that it knew for a moment only.
 */
export const survivalsOfStop: Survival[] = [
  {
    sentence: "acknowledged messages do not come back",
    before: async (channel) => {
      await channel.assertQueue("acknowledged", { durable: true });
      for (const body of ["a", "b", "c"]) await persist(channel, "acknowledged", body);
      await channel.prefetch(2);
      const deliveries = await consume(channel, "acknowledged");
      for (const message of await deliveries.take(2)) channel.ack(message);
      await deliveries.take(1); // the acks have made room for it
    },
    after: async (channel) => assert.deepEqual(await drain(channel, "acknowledged"), ["c"]),
  },
  {
    sentence: "messages that were delivered before are marked as redelivered",
    before: async (channel) => {
      await channel.assertQueue("marked", { durable: true });
      for (const body of ["seen", "unseen"]) await persist(channel, "marked", body);
      await get(channel, "marked", {});
    },
    after: async (channel) => {
      assert.equal((await get(channel, "marked")).fields.redelivered, true);
      assert.equal((await get(channel, "marked")).fields.redelivered, false);
    },
  },
  {
    sentence: "a quorum queue keeps messages of any delivery mode",
    before: async (channel) => {
      const options = { durable: true, arguments: { "x-queue-type": "quorum" } };
      await channel.assertQueue("quorum", options);
      await confirmed(channel, { routingKey: "quorum" }, "transient");
      await persist(channel, "quorum", "persistent");
    },
    after: async (channel) => {
      const deliveries = await consume(channel, "quorum");
      assert.deepEqual(await deliveries.bodies(2), ["transient", "persistent"]);
    },
  },
];

async function persist(
  channel: ConfirmChannel,
  queue: string,
  body: string,
  options: { expiration?: number } = {},
): Promise<void> {
  await confirmed(channel, { routingKey: queue }, body, { persistent: true, ...options });
}
