import { attacker, CHANNEL, inPieces, publishBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const MESSAGES = 200_000;

export const purge = starvation({
  name: "purge",
  sentence: "queue.purge of 200,000 persistent messages",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "full", durable: true });
    const message = publishBytes({ routingKey: "full" }, 64, { deliveryMode: 2 });
    await workedOff(peer, inPieces(message, MESSAGES), "full");
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.purge", { queue: "full" });
  },
});
