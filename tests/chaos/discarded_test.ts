/** Many messages go at once, by queue.purge and queue.delete, and stay away. */
import assert from "node:assert/strict";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { publishAll, publishes } from "./message_stream.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** More than leave at once, */
const MESSAGES = 40_000;
/** and some more that are not on disk when they go. */
const FRESH = 5_000;

for (const leaving of ["queue.purge", "queue.delete"] as const) {
  Deno.test(`what left by ${leaving} does not come back after a stop in order`, async () => {
    await using directory = await ScratchDirectory.make();
    {
      await using broker = await BrokerProcess.start(directory.path);
      await using peer = await AmqpPeer.open(broker.url);
      await peer.openChannel(1);
      for (const queue of ["leaves", "stays"]) {
        await peer.call(1, "queue.declare", { queue, durable: true });
      }
      await peer.call(1, "confirm.select");
      const properties = { deliveryMode: 2 };
      const toLeave = { publish: { routingKey: "leaves" }, properties };
      await publishAll(peer, 0, MESSAGES, toLeave);
      await publishAll(peer, MESSAGES, 1, { publish: { routingKey: "stays" }, properties });
      await using other = await AmqpPeer.open(broker.url);
      await other.openChannel(1);
      other.sendBytes(publishes(0, FRESH, toLeave));
      const { messageCount } = await other.call(1, leaving, { queue: "leaves" });
      assert.equal(Number(messageCount), MESSAGES + FRESH);
      assert.equal((await broker.stop()).code, 0);
    }
    await using broker = await BrokerProcess.start(directory.path);
    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    const declaration = { durable: true };
    for (const [queue, left] of [["leaves", 0], ["stays", 1]] as const) {
      const { messageCount } = await peer.call(1, "queue.declare", { queue, ...declaration });
      assert.equal(Number(messageCount), left, queue);
    }
    const { code, stderr } = await broker.stop();
    assert.equal(code, 0);
    assert.doesNotMatch(stderr, /set aside|damaged|missing/);
  });
}
