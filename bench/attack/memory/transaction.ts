import { attacker, CHANNEL, flood, overOf, publishBytes } from "../load.ts";
import { memoryAttack } from "../memory.ts";

const BODY_BYTES = 2 ** 20;
const MESSAGES = 1_500;

export const openTransaction = memoryAttack({
  name: "open-transaction",
  sentence: "a transaction of 1,500 messages of 1 MiB, never committed",
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "held" });
    await peer.call(CHANNEL, "tx.select");
    await flood(peer.detach(), publishBytes({ routingKey: "held" }, BODY_BYTES), MESSAGES, stop);
    await overOf(stop);
  },
});
