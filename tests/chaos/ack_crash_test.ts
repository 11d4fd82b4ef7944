/** When a client may rely on its acks being kept. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** So many that writing their removal takes longer than a reply takes to arrive. */
const MESSAGES = 15_000;

Deno.test("an answer that comes after an ack says that the ack is written", async () => {
  await using directory = await ScratchDirectory.make();
  {
    await using broker = await BrokerProcess.start(directory.path);
    const connection = await broker.connect();
    const publisher = await connection.createConfirmChannel();
    await publisher.assertQueue("queue", { durable: true });
    for (let count = 0; count < MESSAGES; count++) {
      publisher.sendToQueue("queue", Buffer.from("x"), { persistent: true });
    }
    await publisher.waitForConfirms();

    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    await peer.call(1, "basic.consume", { queue: "queue" });
    for (let count = 0; count < MESSAGES; count++) await peer.expectContent("basic.deliver", 1);
    // In one turn of the broker; the first answer waits to be sent when the acks come.
    peer.together(() => {
      peer.send(1, "queue.declare", { queue: "queue", passive: true });
      peer.send(1, "basic.ack", { deliveryTag: 0, multiple: true });
      peer.send(1, "queue.declare", { queue: "queue", passive: true });
    });
    await peer.expect("queue.declare-ok", 1);
    await peer.expect("queue.declare-ok", 1);
    broker.kill();
    await broker.exited;
  }
  await using broker = await BrokerProcess.start(directory.path);
  const channel = await (await broker.connect()).createChannel();
  assert.equal((await channel.checkQueue("queue")).messageCount, 0);
});
