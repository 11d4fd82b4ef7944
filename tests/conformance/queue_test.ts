/** Queues: declare, check, names, counts, purge, delete. */
import assert from "node:assert/strict";
import { behaviour } from "./brokers.ts";
import { channelRefused, consume, drain, get, ready, send } from "./client.ts";

behaviour("a new queue has no messages and no consumers", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  const declared = await channel.assertQueue(queue, { durable: false });
  assert.deepEqual(declared, { queue, messageCount: 0, consumerCount: 0 });
});

behaviour("declare-ok counts ready messages and consumers", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "taken", "b", "c");
  await ready(channel, queue);
  await channel.prefetch(1);
  const deliveries = await consume(channel, queue);
  await deliveries.next();
  const { messageCount, consumerCount } = await channel.checkQueue(queue);
  assert.deepEqual([messageCount, consumerCount], [2, 1]);
});

behaviour("a queue declared twice alike is one queue", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  const options = { durable: true, autoDelete: true, arguments: { "x-max-length": 9 } };
  await channel.assertQueue(queue, options);
  send(channel, queue, "stays");
  await ready(channel, queue);
  assert.equal((await channel.assertQueue(queue, options)).messageCount, 1);
});

for (
  const [what, options] of [
    ["durability", { durable: true }],
    ["auto-delete", { durable: false, autoDelete: true }],
    ["an argument more", { durable: false, arguments: { "x-max-length": 5 } }],
  ] as const
) {
  behaviour(`a queue declared again with other properties (${what}): 406`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const queue = broker.queueName();
    await channel.assertQueue(queue, { durable: false });
    await channelRefused(channel, 406, () => channel.assertQueue(queue, options));
  });
}

behaviour("a passive declare of a queue looks at the name alone", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const queue = broker.queueName();
  await peer.call(1, "queue.declare", { queue });
  const other = { durable: true, autoDelete: true, arguments: { "x-expires": "nonsense" } };
  await peer.call(1, "queue.declare", { queue, passive: true, ...other });
  await peer.close();
});

behaviour("a passive declare of a missing queue is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 404, () => channel.checkQueue(broker.queueName()));
});

behaviour("a new queue may not be called amq.*", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 403, () => channel.assertQueue("amq.mine", { durable: false }));
});

behaviour("a queue declared without a name gets one that begins with amq.gen-", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const one = await channel.assertQueue("", { exclusive: true });
  const two = await channel.assertQueue("", { exclusive: true });
  assert.match(one.queue, /^amq\.gen-.+/);
  assert.notEqual(one.queue, two.queue);
});

behaviour("a server-named queue may be checked but not declared by its name", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.checkQueue(queue);
  await channelRefused(channel, 403, () => channel.assertQueue(queue, { exclusive: true }));
});

behaviour("a passive declare without a name is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channel.assertQueue("", { exclusive: true });
  await channelRefused(channel, 404, () => channel.checkQueue(""));
});

behaviour("an empty queue name means the channel's last declared queue", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channel.assertQueue("", { exclusive: true });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "got", "consumed", "purged");
  await channel.waitForConfirms();
  assert.equal((await get(channel, "")).content.toString(), "got");
  await channel.prefetch(1);
  const deliveries = await consume(channel, "");
  assert.deepEqual(await deliveries.bodies(1), ["consumed"]);
  assert.equal((await channel.purgeQueue("")).messageCount, 1);
  await channel.deleteQueue("");
  await channelRefused(channel, 404, () => channel.checkQueue(queue));
});

for (const method of ["queue.purge", "queue.delete", "basic.get", "basic.consume"]) {
  behaviour(
    `${method} without a name, when none was declared, is refused with 404`,
    async (broker) => {
      await using peer = await broker.peer();
      await peer.openChannel(1);
      peer.send(1, method);
      await peer.expectChannelClose(1, 404);
      await peer.close();
    },
  );
}

behaviour("CR and LF in a queue's name are left out", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  assert.equal((await channel.assertQueue(`${queue}\r\n`, { durable: false })).queue, queue);
});

behaviour("a queue's name may have 255 octets of any text", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = "é".repeat(127) + "x";
  await channel.assertQueue(queue, { exclusive: true });
  send(channel, queue, "x");
  assert.equal(await ready(channel, queue), 1);
});

behaviour("purge answers how many messages it removed", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "a", "b", "c");
  await channel.waitForConfirms();
  assert.equal((await channel.purgeQueue(queue)).messageCount, 3);
  assert.equal((await channel.purgeQueue(queue)).messageCount, 0);
});

behaviour("purge leaves unacknowledged messages", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "taken", "b");
  const taken = await channel.get(queue);
  assert.equal((await channel.purgeQueue(queue)).messageCount, 1);
  assert(taken);
  channel.nack(taken);
  assert.deepEqual(await drain(channel, queue), ["taken"]);
});

behaviour("purging a missing queue is refused with 404", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  await channelRefused(channel, 404, () => channel.purgeQueue(broker.queueName()));
});

behaviour("delete answers how many messages went with the queue", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  send(channel, queue, "a", "b");
  await channel.waitForConfirms();
  assert.equal((await channel.deleteQueue(queue)).messageCount, 2);
  await channelRefused(channel, 404, () => channel.checkQueue(queue));
});

behaviour("delete counts ready messages; those held may still be acknowledged", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  send(channel, queue, "held", "ready");
  const held = await get(channel, queue, {});
  await channel.waitForConfirms();
  assert.equal((await channel.deleteQueue(queue)).messageCount, 1);
  channel.ack(held);
  await channel.prefetch(1); // the channel is still there
});

behaviour("deleting a queue that is not there is fine", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  assert.equal((await channel.deleteQueue(broker.queueName())).messageCount, 0);
});

behaviour("deleting a queue if-empty is refused with 406 while it has messages", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  send(channel, queue, "a");
  await channel.waitForConfirms();
  await channelRefused(channel, 406, () => channel.deleteQueue(queue, { ifEmpty: true }));
});

behaviour(
  "deleting a queue if-unused is refused with 406 while it has consumers",
  async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await consume(channel, queue);
    await channelRefused(channel, 406, () => channel.deleteQueue(queue, { ifUnused: true }));
  },
);

behaviour("deleting a queue if-unused and if-empty works when it is both", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  await channel.deleteQueue(queue, { ifUnused: true, ifEmpty: true });
  await channelRefused(channel, 404, () => channel.checkQueue(queue));
});

behaviour("an exclusive queue counts as not durable", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: true, exclusive: true });
  await channel.assertQueue(queue, { durable: false, exclusive: true });
});

behaviour("of a binding's two ends the source is looked for first", async (broker) => {
  await using client = await broker.connect();
  for (const bind of ["bindQueue", "bindExchange"] as const) {
    const channel = await client.channel();
    const [source, destination] = [broker.exchangeName(), broker.queueName()];
    const refusal = await channelRefused(
      channel,
      404,
      () => channel[bind](destination, source, ""),
    );
    assert.match(refusal.message, new RegExp(`no exchange '${source}'`));
  }
});
