/** Exchanges: declare, check, delete, and who may not. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { behaviour } from "./brokers.ts";
import { channelRefused, ready, send } from "./client.ts";

for (const type of ["direct", "fanout", "topic", "headers"]) {
  behaviour(`an exchange of type ${type} can be declared, checked and deleted`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const exchange = broker.exchangeName();
    await channel.assertExchange(exchange, type, { durable: false });
    await channel.checkExchange(exchange);
    await channel.deleteExchange(exchange);
    await channelRefused(channel, 404, () => channel.checkExchange(exchange));
  });
}

for (
  const exchange of ["amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"]
) {
  behaviour(`${exchange} is there and durable`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    await channel.checkExchange(exchange);
    const type = exchange === "amq.match" ? "headers" : exchange.slice("amq.".length);
    await channel.assertExchange(exchange, type, { durable: true });
  });
}

behaviour("an exchange declared twice alike is one exchange", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  const options = { durable: false, autoDelete: true, internal: true, arguments: { "x-any": 1 } };
  await channel.assertExchange(exchange, "topic", options);
  await channel.assertExchange(exchange, "topic", options);
});

for (
  const [what, type, options] of [
    ["type", "fanout", {}],
    ["durability", "direct", { durable: true }],
    ["auto-delete", "direct", { autoDelete: true }],
    ["internal", "direct", { internal: true }],
    ["alternate exchange", "direct", { alternateExchange: "amq.fanout" }],
  ] as const
) {
  behaviour(
    `an exchange declared again with another ${what} is refused with 406`,
    async (broker) => {
      await using client = await broker.connect();
      const channel = await client.channel();
      const exchange = broker.exchangeName();
      await channel.assertExchange(exchange, "direct", { durable: false });
      await channelRefused(channel, 406, () => {
        return channel.assertExchange(exchange, type, { durable: false, ...options });
      });
    },
  );
}

behaviour("a passive declare of an exchange looks at the name alone", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const exchange = "amq.topic";
  await peer.call(1, "exchange.declare", { exchange, type: "fanout", passive: true });
  await peer.close();
});

behaviour("a passive declare of a missing exchange is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 404, () => channel.checkExchange(broker.exchangeName()));
});

behaviour("an unknown exchange type is refused", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const declare = () => channel.assertExchange(broker.exchangeName(), "telepathy");
  if (broker.release === "3.10") await client.refused(503, declare);
  else await channelRefused(channel, 406, declare);
});

behaviour("a new exchange may not be called amq.*", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 403, () => channel.assertExchange("amq.new", "direct"));
});

behaviour("an alternate exchange that is no text is refused with 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const options = { arguments: { "alternate-exchange": 1 } };
  await channelRefused(channel, 406, () => {
    return channel.assertExchange(broker.exchangeName(), "fanout", options);
  });
});

behaviour("the default exchange may not be declared", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 403, () => channel.assertExchange("", "direct"));
});

behaviour("the default exchange may not be checked", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 403, () => channel.checkExchange(""));
});

behaviour("the default exchange may not be deleted", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 403, () => channel.deleteExchange(""));
});

behaviour("a system exchange may not be deleted", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 403, () => channel.deleteExchange("amq.direct"));
});

behaviour("deleting an exchange that is not there is fine", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channel.deleteExchange(broker.exchangeName());
});

behaviour("deleting an exchange if-unused is refused while a queue is bound", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "fanout", { durable: false });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, exchange, "");
  await channelRefused(channel, 406, () => channel.deleteExchange(exchange, { ifUnused: true }));
});

behaviour("deleting an exchange if-unused works once nothing is bound", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "fanout", { durable: false });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, exchange, "");
  await channel.unbindQueue(queue, exchange, "");
  await channel.deleteExchange(exchange, { ifUnused: true });
  await channelRefused(channel, 404, () => channel.checkExchange(exchange));
});

behaviour("an auto-delete exchange goes with its last binding", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "fanout", { durable: false, autoDelete: true });
  await channel.checkExchange(exchange); // there before any binding
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, exchange, "a");
  await channel.bindQueue(queue, exchange, "b");
  await channel.unbindQueue(queue, exchange, "a");
  await channel.checkExchange(exchange);
  await channel.unbindQueue(queue, exchange, "b");
  await channelRefused(channel, 404, () => channel.checkExchange(exchange));
});

behaviour("an auto-delete exchange goes when its last queue is deleted", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "fanout", { durable: false, autoDelete: true });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, exchange, "");
  await channel.deleteQueue(queue);
  await channelRefused(channel, 404, () => channel.checkExchange(exchange));
});

behaviour("publishing to a missing exchange is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const missing = broker.exchangeName();
  await channelRefused(channel, 404, () => channel.publish(missing, "", Buffer.from("x")));
});

behaviour("publishing to an internal exchange is refused with 403", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "fanout", { durable: false, internal: true });
  await channelRefused(channel, 403, () => channel.publish(exchange, "", Buffer.from("x")));
});

behaviour("CR and LF in an exchange's name are left out", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(`${exchange}\r\n`, "direct", { durable: false });
  await channel.checkExchange(exchange);
});

behaviour("deleting an exchange leaves its queues and their messages", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "fanout", { durable: false });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, exchange, "");
  send(channel, queue, "stays");
  await channel.deleteExchange(exchange);
  assert.equal(await ready(channel, queue), 1);
});
