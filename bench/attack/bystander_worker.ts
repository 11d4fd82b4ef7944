/**
 * Another client, in a thread of its own so that the attacker's work does not slow it down.
 *
 * It connects, declares, publishes and waits for the confirm, again and again, and tells how long
 * each round took: `{ ms }`, or `{ ms, failure }`.
 */
import { setTimeout } from "node:timers/promises";
import { AmqpPeer } from "../../tests/support/amqp_peer.ts";

/** Rounds before the first that counts: this client's own code has to be warm. */
const WARM_UP_ROUNDS = 20;
/** Between two rounds, in milliseconds. */
const REST_MS = 20;

/** A worker's side of the channel to its owner. */
const owner = self as unknown as {
  onmessage: (event: MessageEvent<string>) => void;
  postMessage(message: unknown): void;
};

owner.onmessage = async ({ data: url }) => {
  for (let number = 0; number < WARM_UP_ROUNDS; number++) await round(url).catch(() => {});
  owner.postMessage("ready");
  while (true) {
    const from = performance.now();
    const failure = await round(url).then(() => undefined, (error: Error) => error.message);
    owner.postMessage({ ms: performance.now() - from, failure });
    await setTimeout(REST_MS);
  }
};

async function round(url: string): Promise<void> {
  await using peer = await AmqpPeer.open(url);
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  await peer.call(1, "confirm.select");
  peer.publish(1, { routingKey: queue }, "a bystander's message");
  await peer.expect("basic.ack", 1);
}
