import { attacker, CHANNEL, each, inPieces, publishBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const PUBLISHERS = 10;
const MESSAGES_EACH = 100_000;

export const tenPublishers = starvation({
  name: "ten-publishers",
  sentence: "ten publishers, 100,000 persistent messages each, into one queue",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "crowded", durable: true });
  },
  async attack({ url }, stop) {
    const message = publishBytes({ routingKey: "crowded" }, 64, { deliveryMode: 2 });
    const pieces = inPieces(message, MESSAGES_EACH);
    await Promise.all(each(PUBLISHERS, async () => {
      await using peer = await attacker(url, stop);
      await workedOff(peer, pieces, "crowded");
    }));
  },
});
