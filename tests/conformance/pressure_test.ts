/**
 * What a broker does to consumers that never acknowledge, and to publishers when memory is short.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { ConfirmChannel } from "amqplib";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { within } from "../support/deadline.ts";
import { Client, confirmed, consume, get } from "./client.ts";
import { scenario, type Step } from "../support/own_brokers.ts";

scenario("short of patience and of memory", { consumerTimeoutMs: 1000 }, async (broker, step) => {
  if (broker.release === "4.3") await takesBackTasks(broker, step);
  else await closesChannels(broker, step);

  await step("publishers that can hear it are told when they are blocked, once", async () => {
    await using peer = await AmqpPeer.open(broker.url, {
      clientProperties: { capabilities: { "connection.blocked": true } },
    });
    await peer.openChannel(1);
    await broker.blockPublishers();
    peer.publish(1, { routingKey: "nowhere" }, "x");
    await peer.expect("connection.blocked");
    await broker.unblockPublishers();
    await peer.expect("connection.unblocked");
    await peer.call(1, "basic.qos");
    await peer.close();
  });

  await step(
    "nothing that a blocked publisher sent goes through, not even in one piece",
    async () => {
      await using peer = await AmqpPeer.open(broker.url);
      await peer.openChannel(1);
      const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
      await peer.call(1, "basic.consume", { queue, noAck: true });
      await using other = await AmqpPeer.open(broker.url, {
        clientProperties: { capabilities: { "connection.blocked": true } },
      });
      await other.openChannel(1);
      await broker.blockPublishers();
      other.together(() => {
        for (const body of ["1", "2", "3"]) other.publish(1, { routingKey: queue }, body);
      });
      await other.expect("connection.blocked");
      await peer.call(1, "basic.qos"); // nothing comes before the answer
      await broker.unblockPublishers();
      for (const body of ["1", "2", "3"]) {
        assert.equal(`${(await peer.expectContent("basic.deliver", 1)).body}`, body);
      }
      await other.expect("connection.unblocked");
      await other.close();
      await peer.close();
    },
  );

  await step("consumers go on while publishers are blocked", async () => {
    await using client = await Client.connect(broker.url);
    const channel = await client.channel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await confirmed(channel, { routingKey: queue }, "before");
    await broker.blockPublishers();
    const deliveries = await consume(channel, queue);
    channel.ack(await deliveries.next());
    const confirm = confirmed(channel, { routingKey: queue }, "waits");
    await broker.unblockPublishers();
    assert.equal(await confirm, "ack");
    assert.deepEqual(await deliveries.bodies(1), ["waits"]);
  });
});

/** Until 4.0 an overdue delivery costs the channel. */
async function closesChannels(broker: { url: string }, step: Step): Promise<void> {
  await step("a delivery that is not acknowledged in time: 406, and back", async () => {
    await using client = await Client.connect(broker.url);
    const [slow, other] = [await client.channel(), await client.channel()];
    const { queue } = await slow.assertQueue("", { exclusive: true });
    const refusal = new Promise<Error & { code?: number }>((r) => slow.once("error", r));
    await confirmed(other, { routingKey: queue }, "task");
    await (await consume(slow, queue)).take(1);
    assert.equal((await within(refusal, "channel.close")).code, 406);
    assert.equal((await get(other, queue)).fields.redelivered, true);
  });

  await step("a delivery that is acknowledged in time is fine", async () => {
    await using client = await Client.connect(broker.url);
    const [channel, slow] = [await client.channel(), await client.channel()];
    const { queue } = await channel.assertQueue("", { exclusive: true });
    const deliveries = await consume(channel, queue);
    await confirmed(channel, { routingKey: queue }, "quick");
    channel.ack(await deliveries.next());
    await confirmed(channel, { routingKey: queue }, "slow");
    await channel.cancel(deliveries.consumerTag);
    channel.nack(await deliveries.next());
    await channel.checkQueue(queue); // it is back before the other channel asks for it
    const refusal = new Promise<Error>((resolve) => slow.once("error", resolve));
    await get(slow, queue, {});
    await within(refusal, "channel.close"); // the other's time is up by now
    await channel.checkQueue(queue);
  });

  await step("a message got has the same limit", async () => {
    await using client = await Client.connect(broker.url);
    const channel = await client.channel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    const refusal = new Promise<Error & { code?: number }>((r) => channel.once("error", r));
    await confirmed(channel, { routingKey: queue }, "task");
    await get(channel, queue, {});
    assert.equal((await within(refusal, "channel.close")).code, 406);
  });
}

/** Since 4.3 a quorum queue takes it back, and a classic one waits for ever. */
async function takesBackTasks(broker: { url: string }, step: Step): Promise<void> {
  const arguments_ = { "x-queue-type": "quorum" };
  const declared = async (channel: ConfirmChannel) => {
    const queue = `overdue.${randomUUID()}`;
    await channel.assertQueue(queue, { durable: true, arguments: arguments_ });
    await confirmed(channel, { routingKey: queue }, "task");
    return queue;
  };

  await step("what is overdue at a consumer goes to another, and it is told", async () => {
    await using client = await Client.connect(broker.url);
    const [slow, other] = [await client.channel(), await client.channel()];
    const queue = await declared(slow);
    const deliveries = await consume(slow, queue);
    const late = await deliveries.next();
    await deliveries.cancelled();
    const again = await get(other, queue, {});
    assert.equal(again.fields.redelivered, true);
    assert.equal(again.properties.headers?.["x-acquired-count"], 1);
    slow.ack(late); // settles nothing
    await slow.checkQueue(queue);
    other.ack(again);
    assert.equal(await other.get(queue), false);
    await slow.deleteQueue(queue);
  });

  await step("a consumer goes on once it has settled what was taken back", async () => {
    await using peer = await AmqpPeer.open(broker.url, {
      clientProperties: { capabilities: { consumer_cancel_notify: true } },
    });
    await peer.openChannel(1);
    const queue = `overdue.${randomUUID()}`;
    await peer.call(1, "queue.declare", { queue, durable: true, arguments: arguments_ });
    peer.publish(1, { routingKey: queue }, "task");
    await peer.call(1, "basic.consume", { queue, consumerTag: "t" });
    const { method: { deliveryTag } } = await peer.expectContent("basic.deliver", 1);
    await peer.expect("basic.cancel", 1);
    assert.equal((await peer.call(1, "queue.declare", { queue, passive: true })).messageCount, 1);
    peer.send(1, "basic.ack", { deliveryTag });
    assert.equal((await peer.expectContent("basic.deliver", 1)).method.redelivered, true);
    await peer.call(1, "basic.cancel", { consumerTag: "t" });
    await peer.call(1, "queue.delete", { queue });
    await peer.close();
  });

  await step("x-consumer-timeout of a consumer is its own", async () => {
    await using client = await Client.connect(broker.url);
    const [patient, other] = [await client.channel(), await client.channel()];
    const queue = await declared(patient);
    const options = { arguments: { "x-consumer-timeout": 3_600_000 } };
    const held = await consume(patient, queue, options);
    const message = await held.next();
    const brief = await declared(other);
    const deliveries = await consume(other, brief);
    await deliveries.next();
    await deliveries.cancelled(); // the broker's own time is up by now
    patient.ack(message);
    await held.none();
    await patient.deleteQueue(queue);
    await other.deleteQueue(brief);
  });

  await step("a message got that is overdue: 406, and back", async () => {
    await using client = await Client.connect(broker.url);
    const [channel, other] = [await client.channel(), await client.channel()];
    const queue = await declared(other);
    const refusal = new Promise<Error & { code?: number }>((r) => channel.once("error", r));
    await get(channel, queue, {});
    assert.equal((await within(refusal, "channel.close")).code, 406);
    assert.equal((await get(other, queue)).fields.redelivered, true);
    await other.deleteQueue(queue);
  });
}
