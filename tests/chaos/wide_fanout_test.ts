/** One message for thousands of durable queues: its confirm speaks for all of them. */
import assert from "node:assert/strict";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** They are written in many turns, and transactions. */
const QUEUES = 3_000;
const PERSISTENT = { properties: { deliveryMode: 2 } };

const DISK_BYTES = 24_000_000;
/** So large that the disk takes the copies of some queues, and not of all. */
const LARGE_BYTES = 10_000;

Deno.test("a message that is confirmed outlives kill -9 in each of 3,000 queues", async () => {
  await using directory = await ScratchDirectory.make();
  {
    await using broker = await BrokerProcess.start(directory.path);
    await using peer = await withQueues(broker);
    await peer.call(1, "confirm.select");
    peer.publish(1, { exchange: "wide" }, "for all", PERSISTENT);
    await peer.expect("basic.ack", 1);
    broker.kill();
    await broker.exited;
  }
  await using broker = await BrokerProcess.start(directory.path);
  await eachHasOne(broker);
});

Deno.test("a client that is gone once it has published has published to each of 3,000 queues", async () => {
  await using directory = await ScratchDirectory.make();
  await using broker = await BrokerProcess.start(directory.path);
  {
    await using peer = await withQueues(broker);
    peer.publish(1, { exchange: "wide" }, "for all", PERSISTENT);
    await peer.close(); // its answer comes once all is done that was sent before
  }
  await eachHasOne(broker);
});

Deno.test("a broker that is stopped in the midst of it has put it into all of 3,000 queues", async () => {
  await using directory = await ScratchDirectory.make();
  {
    await using broker = await BrokerProcess.start(directory.path);
    await using peer = await withQueues(broker);
    peer.publish(1, { exchange: "wide" }, "for all", PERSISTENT);
    await (await AmqpPeer.open(broker.url)).close(); // by then the broker has begun
    assert.equal((await broker.stop()).code, 0);
  }
  await using broker = await BrokerProcess.start(directory.path);
  await eachHasOne(broker);
});

const obstacle = await ScratchDirectory.obstacle();
const fullDisk = "a message that the disk takes for some of 3,000 queues is refused, once";
if (obstacle) Deno.test.ignore(`${fullDisk} [${obstacle}]`, () => {});
else {
  Deno.test(fullDisk, async () => {
    await using disk = await ScratchDirectory.ofSize(DISK_BYTES);
    await using broker = await BrokerProcess.start(`${disk.path}/data`);
    await using peer = await withQueues(broker);
    await peer.call(1, "confirm.select");
    peer.publish(1, { exchange: "wide" }, "x".repeat(LARGE_BYTES), PERSISTENT);
    assert.equal((await peer.expect("basic.nack", 1)).deliveryTag, 1);
    await broker.logged(/the data directory cannot be written: .*full/);
    // The next one is as good as any.
    peer.publish(1, { routingKey: "nobody's" }, "unroutable");
    assert.equal((await peer.expect("basic.ack", 1)).deliveryTag, 2);
    await peer.close();
    assert.equal((await broker.stop()).code, 0);
  });
}

/** A client, and the queues behind the fanout `wide`. */
async function withQueues(broker: BrokerProcess): Promise<AmqpPeer> {
  const peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  await peer.call(1, "exchange.declare", { exchange: "wide", type: "fanout", durable: true });
  peer.together(() => {
    for (let n = 0; n < QUEUES; n++) {
      peer.send(1, "queue.declare", { queue: `wide-${n}`, durable: true, noWait: true });
      peer.send(1, "queue.bind", { queue: `wide-${n}`, exchange: "wide", noWait: true });
    }
  });
  await peer.call(1, "queue.declare", { queue: "wide-0", passive: true }); // all are there
  return peer;
}

/** Each queue has one message; stops the broker. */
async function eachHasOne(broker: BrokerProcess): Promise<void> {
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  assert.deepEqual(await lengths(peer), new Map([[1, QUEUES]]));
  assert.equal((await broker.stop()).code, 0);
}

/** How many queues have how many messages. */
async function lengths(peer: AmqpPeer): Promise<Map<number, number>> {
  const queuesByLength = new Map<number, number>();
  for (let n = 0; n < QUEUES; n++) {
    const { messageCount } = await peer.call(1, "queue.declare", {
      queue: `wide-${n}`,
      passive: true,
    });
    const length = Number(messageCount);
    queuesByLength.set(length, (queuesByLength.get(length) ?? 0) + 1);
  }
  return queuesByLength;
}
