/** The fixture itself: it tidies up, and it fails a test that does not. */
import assert from "node:assert/strict";
import type { AmqpPeer } from "../support/amqp_peer.ts";
import { behaviour, onBroker } from "./brokers.ts";

behaviour("a test that leaves a connection open fails", async (broker) => {
  let left: AmqpPeer | undefined;
  const forgetful = onBroker(broker, async (broker) => {
    left = await broker.peer();
  });
  await assert.rejects(forgetful, /left 1 connections open/);
  await left?.close();
});

behaviour("queues and exchanges that a test named are gone after it", async (broker) => {
  let [queue, exchange] = ["", ""];
  await onBroker(broker, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    [queue, exchange] = [broker.queueName(), broker.exchangeName()];
    await peer.call(1, "queue.declare", { queue, durable: true });
    await peer.call(1, "exchange.declare", { exchange, type: "direct", durable: true });
    await peer.close();
  });
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "queue.declare", { queue, passive: true });
  await peer.expectChannelClose(1, 404);
  await peer.openChannel(1);
  peer.send(1, "exchange.declare", { exchange, passive: true });
  await peer.expectChannelClose(1, 404);
  await peer.close();
});

behaviour("a peer that is closed with a frame it did not expect fails", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "basic.qos", { prefetchCount: 1 }); // whose answer nobody looks at
  await assert.rejects(peer.close(), /basic\.qos-ok on channel 1/);
});
