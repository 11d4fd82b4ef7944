/** What outlives a broker's stop, and its crash. */
import assert from "node:assert/strict";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { Client } from "./client.ts";
import { type RestartableBroker, scenario, type Step } from "../support/own_brokers.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import { type Survival, survivals, survivalsOfStop } from "./survivals.ts";

const AWAY_MS = 3_000;
const RABBITMQ_AWAY_MS = 15_000;

scenario("what a restart keeps and drops", {}, async (broker, step) => {
  const crash = (sentence: string, body: () => Promise<unknown>) => {
    return step(`after a crash: ${sentence}`, body);
  };
  const stop = (sentence: string, body: () => Promise<unknown>) => {
    return step(`after a stop in order: ${sentence}`, body);
  };
  const kill = async () => {
    await broker.keepDeclarations();
    await broker.kill();
  };
  const awayMs = broker instanceof PrivateRabbitMq ? RABBITMQ_AWAY_MS : AWAY_MS;
  const holds = ({ releases }: Survival) => releases?.includes(broker.release) ?? true;
  await restart(broker, kill, survivals("crash", awayMs).filter(holds), crash);
  const all = [...survivals("stop", awayMs), ...survivalsOfStop].filter(holds);
  await restart(broker, () => broker.stop(), all, stop);

  await step("clients hear of a stop in order: connection.close 320", async () => {
    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    const stopped = broker.stop();
    await peer.expectConnectionClose(320);
    await stopped;
  });
});

/** Prepares everything, restarts the broker once, and looks at each on a channel of its own. */
async function restart(
  broker: RestartableBroker,
  end: () => Promise<unknown>,
  survivals: Survival[],
  step: Step,
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
    await step(sentence, async () => {
      await after(await client.channel());
      assert(!client.isClosed);
    });
  }
}
