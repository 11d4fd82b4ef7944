import { attacker, CHANNEL, each, publishBytes, repeated, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const MESSAGES = 200_000;
const PIECE = 1_000;

export const purge = starvation({
  name: "purge",
  sentence: "queue.purge of 200,000 persistent messages",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "full", durable: true });
    const piece = repeated(publishBytes({ routingKey: "full" }, 64, { deliveryMode: 2 }), PIECE);
    await workedOff(peer, each(MESSAGES / PIECE, () => piece), "full");
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.purge", { queue: "full" });
  },
});
