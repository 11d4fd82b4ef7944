/** An open connection: close, heartbeats, limits, secrets. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { eventually } from "../support/deadline.ts";
import { behaviour } from "./brokers.ts";

behaviour("connection.close is answered with close-ok", async (broker) => {
  await using peer = await broker.peer();
  await peer.call(0, "connection.close", { replyCode: 200, replyText: "done" });
});

behaviour("after close-ok the socket is the client's to close", async (broker) => {
  await using peer = await broker.peer();
  for (let i = 0; i < 3; i++) await peer.call(0, "connection.close", { replyCode: 200 });
});

behaviour("what follows connection.close is passed over", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(0, "connection.close", { replyCode: 200 });
  peer.send(1, "queue.declare", { exclusive: true });
  peer.send(1, "basic.get", { queue: "no such queue" });
  await peer.expect("connection.close-ok");
});

behaviour("what a client sends before it hears of its error is passed over", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const queue = broker.queueName();
  peer.send(1, "basic.qos", { prefetchSize: 1 });
  peer.send(1, "queue.declare", { queue });
  await peer.expectConnectionClose(540);

  await using other = await broker.peer();
  await other.openChannel(1);
  other.send(1, "queue.declare", { queue, passive: true });
  await other.expectChannelClose(1, 404);
  await other.close();
});

behaviour("a broker sends heartbeats as negotiated", async (broker) => {
  await using peer = await broker.peer({ tuneOk: { heartbeat: 1 } });
  const frame = await peer.expectHeartbeat();
  assert.deepEqual([frame.channel, frame.payload.length], [0, 0]);
  await peer.close();
});

behaviour("a peer silent for two heartbeats is cut off, if there are any", async (broker) => {
  await using without = await broker.peer({ tuneOk: { heartbeat: 0 } });
  await using beating = await broker.peer({ tuneOk: { heartbeat: 1 } });
  await beating.expectSilentEnd();
  await without.openChannel(1);
  await without.close();
});

behaviour("a peer that sends heartbeats, or any other frames, is kept", async (broker) => {
  await using beating = await broker.peer({ tuneOk: { heartbeat: 1 } });
  await using busy = await broker.peer({ tuneOk: { heartbeat: 1 } });
  await busy.openChannel(1);
  await using silent = await broker.peer({ tuneOk: { heartbeat: 1 } });
  while (!silent.isClosed) {
    await beating.expectHeartbeat();
    beating.sendHeartbeat();
    await busy.call(1, "basic.qos");
  }
  await beating.close();
  await busy.close();
});

behaviour("more channels than negotiated are refused with 530", async (broker) => {
  await using peer = await broker.peer({ tuneOk: { channelMax: 2 } });
  await peer.openChannel(1);
  await peer.openChannel(2);
  peer.send(3, "channel.open");
  const { classId, methodId } = await peer.expectConnectionClose(530);
  assert.deepEqual([classId, methodId], [0, 0]);
});

behaviour("a closed channel makes room for another", async (broker) => {
  await using peer = await broker.peer({ tuneOk: { channelMax: 1 } });
  for (let i = 0; i < 3; i++) {
    await peer.openChannel(1);
    await peer.call(1, "channel.close", { replyCode: 200 });
  }
  await peer.close();
});

behaviour("a secret may be renewed on an open connection", async (broker) => {
  await using client = await broker.connect();
  const { password } = new URL(broker.url);
  await client.connection.updateSecret(Buffer.from(password), "renewed");
  await client.channel();
});

behaviour("closing a connection closes its channels and cancels its consumers", async (broker) => {
  await using staying = await broker.connect();
  const channel = await staying.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  {
    await using leaving = await broker.connect();
    await (await leaving.channel()).consume(queue, () => {});
    assert.equal((await channel.checkQueue(queue)).consumerCount, 1);
  }
  await eventually("the consumer to go", async () => {
    return (await channel.checkQueue(queue)).consumerCount === 0;
  });
});

behaviour("a connection whose socket is cut loses its consumers too", async (broker) => {
  await using staying = await broker.connect();
  const channel = await staying.channel();
  const queue = broker.queueName();
  await channel.assertQueue(queue, { durable: false });
  {
    await using cut = await broker.peer();
    await cut.openChannel(1);
    await cut.call(1, "basic.consume", { queue });
    assert.equal((await channel.checkQueue(queue)).consumerCount, 1);
  }
  await eventually("the consumer to go", async () => {
    return (await channel.checkQueue(queue)).consumerCount === 0;
  });
});
