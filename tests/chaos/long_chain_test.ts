/** Exchanges in a chain longer than any stack is deep. */
import assert from "node:assert/strict";
import type { Fields } from "../support/amqp_wire.ts";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { eventually } from "../support/deadline.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const LENGTH = 30_000;

Deno.test("dead letters pass a chain of 30,000 exchanges, which goes with its end", async () => {
  await using data = await ScratchDirectory.make();
  await using broker = await BrokerProcess.start(data.path);
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  // Each goes with its last binding.
  const declaration = { type: "fanout", autoDelete: true, noWait: true };
  await pipeline(peer, "exchange.declare", LENGTH, (at) => ({ exchange: `${at}`, ...declaration }));
  await pipeline(peer, "exchange.bind", LENGTH - 1, (at) => ({
    source: `${at}`,
    destination: `${at + 1}`,
    noWait: true,
  }));
  await peer.call(1, "queue.declare", { queue: "end" });
  await peer.call(1, "queue.bind", { queue: "end", exchange: `${LENGTH - 1}` });
  const toChain = { "x-dead-letter-exchange": "0" };
  await peer.call(1, "queue.declare", { queue: "start", arguments: toChain });
  peer.publish(1, { routingKey: "start" }, "rejected");
  peer.send(1, "basic.reject", { deliveryTag: await take(peer, "start", "rejected") });
  await take(peer, "end", "rejected");

  await peer.call(1, "queue.delete", { queue: "end" });
  peer.send(1, "exchange.declare", { exchange: "0", passive: true });
  await peer.expectChannelClose(1, 404);
  await peer.close();
  const { code, stderr } = await broker.stop();
  assert.doesNotMatch(stderr, /a bug in worktool/);
  assert.equal(code, 0);
});

Deno.test("and what died meanwhile passes a chain of 30,000 alternates at a restart", async () => {
  await using data = await ScratchDirectory.make();
  {
    await using broker = await BrokerProcess.start(data.path);
    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    await pipeline(peer, "exchange.declare", LENGTH, (at) => ({
      exchange: `${at}`,
      type: "direct",
      durable: true,
      noWait: true,
      arguments: { "alternate-exchange": `${at + 1}` },
    }));
    await peer.call(1, "queue.declare", { queue: "end", durable: true });
    await peer.call(1, "queue.bind", {
      queue: "end",
      exchange: `${LENGTH - 1}`,
      routingKey: "start",
    });
    const toChain = { "x-dead-letter-exchange": "0" };
    await peer.call(1, "queue.declare", { queue: "start", durable: true, arguments: toChain });
    await peer.call(1, "confirm.select");
    // Taken at once, it does not expire as long as this broker lives.
    peer.together(() => {
      const properties = { deliveryMode: 2, expiration: "1000" };
      peer.publish(1, { routingKey: "start" }, "expired", { properties });
      peer.send(1, "basic.get", { queue: "start" });
    });
    await peer.expectContent("basic.get-ok", 1);
    await peer.expect("basic.ack", 1);
    broker.kill();
    await broker.exited;
  }
  await using broker = await BrokerProcess.start(data.path);
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  await eventually("the dead letter at the end of the chain", async () => {
    const { messageCount } = await peer.call(1, "queue.declare", { queue: "end", passive: true });
    return messageCount === 1;
  });
  await take(peer, "end", "expired");
  await peer.close();
  assert.equal((await broker.stop()).code, 0);
});

/** Many calls without an answer, then one with. */
async function pipeline(
  peer: AmqpPeer,
  method: string,
  count: number,
  args: (at: number) => Fields,
): Promise<void> {
  peer.together(() => {
    for (let at = 0; at < count; at++) {
      peer.send(1, method, args(at));
    }
  });
  await peer.call(1, "basic.qos");
}

/** Gets a message; it must be this one. @returns its delivery tag */
async function take(peer: AmqpPeer, queue: string, body: string): Promise<unknown> {
  peer.send(1, "basic.get", { queue });
  const content = await peer.expectContent("basic.get-ok", 1);
  assert.equal(content.body.toString(), body);
  return content.method.deliveryTag;
}
