import { setTimeout } from "node:timers/promises";
import { attacker, CHANNEL, inPieces, lengthOf, publishBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const MESSAGES = 100_000;
const LOOK_MS = 100;

/** A message that does not expire holds back the others, which have, until it is taken. */
export const expiryStorm = starvation({
  name: "expiry-storm",
  sentence: "100,000 persistent messages expire together into a dead-letter exchange",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "dead-letters", durable: true });
    await peer.call(CHANNEL, "queue.declare", {
      queue: "expiring",
      durable: true,
      arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead-letters" },
    });
    const properties = { deliveryMode: 2, expiration: "1" };
    const passing = publishBytes({ routingKey: "expiring" }, 64, properties);
    const lasting = publishBytes({ routingKey: "expiring" }, 64, { deliveryMode: 2 });
    await workedOff(peer, [lasting, ...inPieces(passing, MESSAGES)], "expiring");
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    peer.send(CHANNEL, "basic.get", { queue: "expiring", noAck: true });
    await peer.expectContent("basic.get-ok", CHANNEL);
    while (!stop.aborted && await lengthOf(peer, "dead-letters") < MESSAGES) {
      await setTimeout(LOOK_MS);
    }
  },
});
