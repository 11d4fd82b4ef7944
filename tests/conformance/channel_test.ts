/** Channels: open, close, flow, and what an error on one leaves alone. */
import assert from "node:assert/strict";
import { methodIds } from "../support/amqp_methods.ts";
import { behaviour } from "./brokers.ts";
import { channelRefused } from "./client.ts";

behaviour("a channel closes on request", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "channel.close", { replyCode: 200 });
  await peer.close();
});

behaviour("a channel number may be used again after close-ok", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(7);
  await peer.call(7, "channel.close", { replyCode: 200 });
  await peer.openChannel(7);
  await peer.close();
});

behaviour("a channel number may be used again after the broker closed it", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "queue.purge", { queue: "no such queue" });
  await peer.expectChannelClose(1, 404);
  await peer.openChannel(1);
  await peer.close();
});

behaviour("channels are numbered as the client likes", async (broker) => {
  await using peer = await broker.peer();
  for (const channel of [2047, 3, 1000]) await peer.openChannel(channel);
  await peer.close();
});

behaviour(
  "a channel number over the maximum is accepted: only the count matters",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(65535);
    await peer.close();
  },
);

behaviour("a second channel.open is refused with connection error 504", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "channel.open");
  await peer.expectConnectionClose(504);
});

for (const method of ["basic.qos", "tx.select", "channel.close", "channel.close-ok"]) {
  behaviour(`${method} on a channel never opened is connection error 504`, async (broker) => {
    await using peer = await broker.peer();
    peer.send(3, method);
    await peer.expectConnectionClose(504);
  });
}

behaviour("a publish on a channel never opened is connection error 504", async (broker) => {
  await using peer = await broker.peer();
  peer.publish(3, { routingKey: "nowhere" }, "x");
  await peer.expectConnectionClose(504);
});

behaviour("a method on a channel that was closed is connection error 504", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "channel.close", { replyCode: 200 });
  peer.send(1, "basic.qos");
  await peer.expectConnectionClose(504);
});

behaviour("channel.close after an error names the method to blame", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "queue.purge", { queue: "no such queue" });
  const { classId, methodId, replyText } = await peer.expectChannelClose(1, 404);
  assert.deepEqual({ classId, methodId }, methodIds("queue.purge"));
  assert.match(String(replyText), /^NOT_FOUND - no queue 'no such queue' in vhost '\/'$/);
  await peer.close();
});

behaviour(
  "what a client sends on a failed channel is passed over until close-ok",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const queue = broker.queueName();
    peer.send(1, "queue.purge", { queue: "no such queue" });
    peer.send(1, "queue.declare", { queue });
    peer.send(1, "basic.get", { queue: "no such queue" });
    peer.publish(1, { exchange: "no such exchange" }, "x");
    await peer.expectChannelClose(1, 404);
    await peer.openChannel(1);
    peer.send(1, "queue.declare", { queue, passive: true });
    await peer.expectChannelClose(1, 404);
    await peer.close();
  },
);

behaviour("channel.close on a failed channel is answered with close-ok", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "queue.purge", { queue: "no such queue" });
  await peer.expect("channel.close", 1);
  await peer.call(1, "channel.close", { replyCode: 200 });
  peer.send(1, "channel.close-ok");
  await peer.openChannel(1);
  await peer.close();
});

behaviour("an error on a channel leaves the others alone", async (broker) => {
  await using client = await broker.connect();
  const failing = await client.channel();
  const working = await client.channel();
  const { queue } = await working.assertQueue("", { exclusive: true });
  await channelRefused(failing, 404, () => failing.checkQueue("no such queue"));
  assert.equal((await working.checkQueue(queue)).messageCount, 0);
});

behaviour("channel.flow with active=true is answered with the same", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  assert.deepEqual(await peer.call(1, "channel.flow", { active: true }), { active: true });
  await peer.close();
});

behaviour("channel.flow with active=false is connection error 540", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "channel.flow", { active: false });
  await peer.expectConnectionClose(540);
});

behaviour("methods may be sent on without waiting, and are answered in order", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "basic.qos");
  peer.send(1, "queue.declare", { exclusive: true });
  peer.send(1, "basic.recover", { requeue: true });
  peer.send(1, "confirm.select");
  for (const method of ["basic.qos-ok", "queue.declare-ok", "basic.recover-ok"]) {
    await peer.expect(method, 1);
  }
  await peer.expect("confirm.select-ok", 1);
  await peer.close();
});

behaviour("methods with no-wait are done and not answered", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const [queue, exchange] = [broker.queueName(), broker.exchangeName()];
  peer.send(1, "exchange.declare", { exchange, type: "fanout", noWait: true });
  peer.send(1, "queue.declare", { queue, noWait: true });
  peer.send(1, "queue.bind", { queue, exchange, noWait: true });
  peer.send(1, "confirm.select", { noWait: true });
  peer.publish(1, { exchange }, "x");
  await peer.expect("basic.ack", 1);
  peer.send(1, "basic.consume", { queue, consumerTag: "mine", noAck: true, noWait: true });
  await peer.expectContent("basic.deliver", 1);
  peer.send(1, "basic.cancel", { consumerTag: "mine", noWait: true });
  peer.send(1, "queue.purge", { queue, noWait: true });
  peer.send(1, "queue.delete", { queue, noWait: true });
  peer.send(1, "exchange.delete", { exchange, noWait: true });
  peer.send(1, "queue.declare", { queue, passive: true });
  await peer.expectChannelClose(1, 404);
  await peer.close();
});

behaviour("access.request of older clients is granted", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.call(1, "access.request", { realm: "/data", active: true });
  await peer.close();
});
