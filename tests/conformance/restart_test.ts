/** What outlives a broker's stop, and its crash. */
import assert from "node:assert/strict";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { Client } from "./client.ts";
import { ownBrokers, type RestartableBroker } from "./own_brokers.ts";
import { type Survival, survivals, survivalsOfStop } from "./survivals.ts";

for (const { name, start } of ownBrokers) {
  Deno.test(`what a restart keeps and drops [${name}]`, async (t) => {
    await using broker = await start();
    await t.step("after a crash", async (t) => {
      await restart(t, broker, survivals("crash"), () => broker.kill());
    });
    await t.step("after a stop in order", async (t) => {
      const both = [...survivals("stop"), ...survivalsOfStop];
      await restart(t, broker, both, () => broker.stop());
    });
    await t.step("clients hear of a stop: connection.close 320", async () => {
      await using peer = await AmqpPeer.open(broker.url);
      await peer.openChannel(1);
      const stopped = broker.stop();
      await peer.expectConnectionClose(320);
      await stopped;
    });
  });
}

/** Prepares everything, restarts the broker once, and looks at each on a channel of its own. */
async function restart(
  t: Deno.TestContext,
  broker: RestartableBroker,
  survivals: Survival[],
  end: () => Promise<void>,
): Promise<void> {
  {
    await using client = await Client.connect(broker.url);
    for (const { before } of survivals) {
      const channel = await client.channel();
      await before(channel);
      await channel.waitForConfirms();
    }
    await end(); // while the client is connected and holds messages
  }
  await broker.start();
  await using client = await Client.connect(broker.url);
  for (const { sentence, after } of survivals) {
    await t.step(sentence, async () => {
      const channel = await client.channel();
      await after(channel);
      assert(!client.isClosed);
    });
  }
}
