import { attacker, CHANNEL, each, publishBytes, repeated, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const PUBLISHERS = 10;
const MESSAGES_EACH = 100_000;
const PIECE = 1_000;

export const tenPublishers = starvation({
  name: "ten-publishers",
  sentence: "ten publishers, 100,000 persistent messages each, into one queue",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "crowded", durable: true });
  },
  async attack({ url }, stop) {
    const piece = repeated(publishBytes({ routingKey: "crowded" }, 64, { deliveryMode: 2 }), PIECE);
    await Promise.all(each(PUBLISHERS, async () => {
      await using peer = await attacker(url, stop);
      await workedOff(peer, each(MESSAGES_EACH / PIECE, () => piece), "crowded");
    }));
  },
});
