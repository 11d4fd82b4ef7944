/** Transactions (tx.select, commit, rollback) of publishes and acknowledgements. */
import assert from "node:assert/strict";
import type { AmqpPeer } from "../support/amqp_peer.ts";
import { behaviour } from "./brokers.ts";

behaviour("a publish is not there before commit", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  peer.publish(1, { routingKey: queue }, "x");
  assert.equal(await readyIn(peer, queue), 0);
  await peer.call(1, "tx.commit");
  assert.equal(await readyIn(peer, queue), 1);
  await peer.close();
});

behaviour("a publish that is rolled back never was", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  peer.publish(1, { routingKey: queue }, "x");
  await peer.call(1, "tx.rollback");
  await peer.call(1, "tx.commit");
  assert.equal(await readyIn(peer, queue), 0);
  await peer.close();
});

behaviour("publishes of one transaction come in order", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  for (const body of ["a", "b", "c"]) peer.publish(1, { routingKey: queue }, body);
  await peer.call(1, "tx.commit");
  for (const body of ["a", "b", "c"]) {
    peer.send(1, "basic.get", { queue, noAck: true });
    assert.equal((await peer.expectContent("basic.get-ok", 1)).body.toString(), body);
  }
  await peer.close();
});

behaviour("an open transaction is dropped with its channel", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  peer.publish(1, { routingKey: queue }, "x");
  await peer.call(1, "channel.close");
  assert.equal(await readyIn(peer, queue), 0);
  await peer.close();
});

behaviour("a transaction goes on after commit", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  await peer.call(1, "tx.commit");
  peer.publish(1, { routingKey: queue }, "x");
  assert.equal(await readyIn(peer, queue), 0);
  await peer.call(1, "tx.commit");
  assert.equal(await readyIn(peer, queue), 1);
  await peer.close();
});

behaviour("an ack counts from commit on", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  peer.publish(1, { routingKey: queue }, "x");
  await peer.call(1, "tx.commit");
  peer.send(1, "basic.get", { queue });
  await peer.expectContent("basic.get-ok", 1);
  peer.send(1, "basic.ack", { deliveryTag: 1 });
  await peer.call(1, "tx.commit");
  await peer.call(1, "basic.recover", { requeue: true });
  assert.equal(await readyIn(peer, queue), 0);
  await peer.close();
});

behaviour("an ack without commit is lost with the channel", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  peer.publish(1, { routingKey: queue }, "x");
  await peer.call(1, "tx.commit");
  peer.send(1, "basic.get", { queue });
  await peer.expectContent("basic.get-ok", 1);
  peer.send(1, "basic.ack", { deliveryTag: 1 });
  await peer.call(1, "channel.close");
  await peer.openChannel(1);
  peer.send(1, "basic.get", { queue });
  assert.equal((await peer.expectContent("basic.get-ok", 1)).method.redelivered, true);
  await peer.close();
});

behaviour("an ack that is rolled back may be given again", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  peer.publish(1, { routingKey: queue }, "x");
  await peer.call(1, "tx.commit");
  peer.send(1, "basic.get", { queue });
  await peer.expectContent("basic.get-ok", 1);
  peer.send(1, "basic.ack", { deliveryTag: 1 });
  await peer.call(1, "tx.rollback");
  peer.send(1, "basic.ack", { deliveryTag: 1 });
  await peer.call(1, "tx.commit");
  await peer.close();
});

for (const method of ["basic.reject", "basic.nack"]) {
  behaviour(`${method} counts from commit on`, async (broker) => {
    await using peer = await broker.peer();
    const queue = await transactional(peer);
    peer.publish(1, { routingKey: queue }, "x");
    await peer.call(1, "tx.commit");
    peer.send(1, "basic.get", { queue });
    await peer.expectContent("basic.get-ok", 1);
    peer.send(1, method, { deliveryTag: 1, requeue: true });
    peer.send(1, "basic.get", { queue });
    await peer.expect("basic.get-empty", 1);
    await peer.call(1, "tx.commit");
    peer.send(1, "basic.get", { queue });
    assert.equal((await peer.expectContent("basic.get-ok", 1)).method.redelivered, true);
    await peer.close();
  });
}

behaviour("an unknown delivery tag in a transaction is refused with 406", async (broker) => {
  await using peer = await broker.peer();
  await transactional(peer);
  peer.send(1, "basic.ack", { deliveryTag: 9 });
  await peer.expectChannelClose(1, 406);
  await peer.close();
});

behaviour("a mandatory message comes back at commit, before commit-ok", async (broker) => {
  await using peer = await broker.peer();
  await transactional(peer);
  peer.publish(1, { routingKey: "nowhere", mandatory: true }, "x");
  peer.send(1, "tx.commit");
  await peer.expectContent("basic.return", 1);
  await peer.expect("tx.commit-ok", 1);
  await peer.close();
});

behaviour("a missing exchange is refused before commit", async (broker) => {
  await using peer = await broker.peer();
  await transactional(peer);
  peer.publish(1, { exchange: "no such exchange" }, "x");
  await peer.expectChannelClose(1, 404);
  await peer.close();
});

for (const method of ["tx.commit", "tx.rollback"]) {
  behaviour(
    `${method} on a channel that is not transactional is refused with 406`,
    async (broker) => {
      await using peer = await broker.peer();
      await peer.openChannel(1);
      peer.send(1, method);
      await peer.expectChannelClose(1, 406);
      await peer.close();
    },
  );
}

behaviour("tx.select twice is fine", async (broker) => {
  await using peer = await broker.peer();
  const queue = await transactional(peer);
  peer.publish(1, { routingKey: queue }, "x");
  await peer.call(1, "tx.select");
  await peer.call(1, "tx.commit");
  assert.equal(await readyIn(peer, queue), 1);
  await peer.close();
});

behaviour("a transactional channel may not confirm: 406", async (broker) => {
  await using peer = await broker.peer();
  await transactional(peer);
  peer.send(1, "confirm.select");
  await peer.expectChannelClose(1, 406);
  await peer.close();
});

/** Opens channel 1, declares an exclusive queue and selects transactions. */
async function transactional(peer: AmqpPeer): Promise<string> {
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "tx.select");
  return String(queue);
}

/** How many messages another channel of the connection finds ready. */
async function readyIn(peer: AmqpPeer, queue: string): Promise<number> {
  await peer.openChannel(9);
  const { messageCount } = await peer.call(9, "queue.declare", { queue, passive: true });
  await peer.call(9, "channel.close");
  return Number(messageCount);
}

behaviour(
  "a commit with a publish that its queue refuses is 406, the rest is done",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const args = { "x-max-length": 1, "x-overflow": "reject-publish" };
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true, arguments: args });
    await peer.call(1, "tx.select");
    for (const body of ["1", "2", "3"]) peer.publish(1, { routingKey: queue }, body);
    peer.send(1, "tx.commit");
    const { replyText } = await peer.expectChannelClose(1, 406);
    assert.match(String(replyText), /partial tx completion/);
    await peer.openChannel(1);
    const { messageCount } = await peer.call(1, "queue.declare", { queue, passive: true });
    assert.equal(messageCount, 1);
    await peer.close();
  },
);
