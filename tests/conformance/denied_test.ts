/** What an operator of RabbitMQ 4 may refuse: deprecated features. */
import assert from "node:assert/strict";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { Client, consume, send } from "./client.ts";
import { scenario } from "../support/own_brokers.ts";

const FEATURES = ["global_qos", "queue_master_locator", "transient_nonexcl_queues"];

/** As the short string of connection.close holds it. */
const TRANSIENT = "INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated.\n" +
  "Its use is not permitted per the configuration (overriding the default, which is permitted):\n" +
  '    "deprecated_features.permit.transient_nonexcl_queues = false"\nIts use will not be permit...';

scenario("deprecated features that are denied", { denied: FEATURES }, async ({ url }, step) => {
  await step("a queue neither durable nor exclusive is connection error 541", async () => {
    await using peer = await AmqpPeer.open(url);
    await peer.openChannel(1);
    peer.send(1, "queue.declare", { queue: "transient" });
    assert.equal((await peer.expectConnectionClose(541)).replyText, TRANSIENT);
  });
  await step("an exclusive queue need not be durable", async () => {
    await using client = await Client.connect(url);
    await (await client.channel()).assertQueue("", { exclusive: true });
  });
  await step("x-queue-master-locator is connection error 541", async () => {
    await using client = await Client.connect(url);
    const channel = await client.channel();
    const options = { arguments: { "x-queue-master-locator": "client-local" } };
    const refusal = await client.refused(541, () => channel.assertQueue("located", options));
    assert.match(refusal.message, /Feature `queue_master_locator` is deprecated/);
  });
  await step("a global prefetch count is each consumer's own", async () => {
    await using client = await Client.connect(url);
    const channel = await client.channel();
    const { queue } = await channel.assertQueue("", { exclusive: true });
    await channel.prefetch(1, true);
    const [one, two] = [await consume(channel, queue), await consume(channel, queue)];
    send(channel, queue, "a", "b", "c");
    await one.take(1);
    await two.take(1);
    await one.none();
  });
}, { releases: ["4.0", "4.3"] });
