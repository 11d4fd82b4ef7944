import { attacker, CHANNEL, inPieces, publishBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const MESSAGES = 50_000;

export const bigTransaction = starvation({
  name: "big-transaction",
  sentence: "50,000 persistent messages in one tx.commit",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "committed", durable: true });
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "tx.select");
    const message = publishBytes({ routingKey: "committed" }, 64, { deliveryMode: 2 });
    await workedOff(peer, inPieces(message, MESSAGES), "committed");
    await peer.call(CHANNEL, "tx.commit");
  },
});
