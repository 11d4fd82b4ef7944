import { setTimeout } from "node:timers/promises";
import { CHANNEL, lengthOf } from "../load.ts";
import { type Crash, crash } from "../crash.ts";
import type { AmqpPeer } from "../../../tests/support/amqp_peer.ts";
import type { Fields } from "../../../tests/support/amqp_wire.ts";

/** The greatest number that the header can hold: one more does not fit. */
const MOST_DEATHS = 2n ** 63n - 1n;
const LOOK_MS = 50;

const SENTENCE = "a message that died 2^63 - 1 times";

/** Declares the queue, whose dead letters go to `dead-letters`. */
async function declare(peer: AmqpPeer, properties: Fields): Promise<void> {
  await peer.call(CHANNEL, "queue.declare", { queue: "dead-letters", durable: true });
  await peer.call(CHANNEL, "queue.declare", {
    queue: "mine-q",
    durable: true,
    arguments: {
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": "dead-letters",
      ...properties,
    },
  });
}

/** Publishes a persistent message that claims to have died of this reason too often already. */
function publishMine(peer: AmqpPeer, reason: string): void {
  const death = {
    queue: "mine-q",
    reason,
    count: MOST_DEATHS,
    exchange: "",
    "routing-keys": ["mine-q"],
  };
  const properties = { deliveryMode: 2, headers: { "x-death": [death] } };
  peer.publish(CHANNEL, { routingKey: "mine-q" }, "mine", { properties });
}

/** Waits until the queue is rid of its message. */
async function gone(peer: AmqpPeer, stop: AbortSignal): Promise<void> {
  while (!stop.aborted && await lengthOf(peer, "mine-q") > 0) await setTimeout(LOOK_MS);
}

function deathCount(name: string, how: string, attack: Crash["attack"]) {
  return crash({ name, sentence: `${SENTENCE} ${how}`, attack });
}

export const deathByTtl = deathCount(
  "death-count-ttl",
  "expires",
  async ({ attacker }, stop) => {
    await declare(attacker, { "x-message-ttl": 200 });
    publishMine(attacker, "expired");
    await gone(attacker, stop);
  },
);

export const deathByReject = deathCount(
  "death-count-reject",
  "is rejected by an innocent consumer",
  async ({ attacker, innocent }, stop) => {
    await declare(attacker, {});
    publishMine(attacker, "rejected");
    await innocent.call(CHANNEL, "basic.consume", { queue: "mine-q" });
    const { method } = await innocent.expectContent("basic.deliver", CHANNEL);
    innocent.send(CHANNEL, "basic.reject", { deliveryTag: method.deliveryTag, requeue: false });
    await gone(attacker, stop);
  },
);

export const deathByLength = deathCount(
  "death-count-length",
  "is pushed out by an innocent publisher",
  async ({ attacker, innocent }) => {
    await declare(attacker, { "x-max-length": 1 });
    publishMine(attacker, "maxlen");
    await lengthOf(attacker, "mine-q");
    await innocent.call(CHANNEL, "confirm.select");
    innocent.publish(CHANNEL, { routingKey: "mine-q" }, "harmless");
    await innocent.expect("basic.ack", CHANNEL);
  },
);
