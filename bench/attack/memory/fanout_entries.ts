import {
  attacker,
  CHANNEL,
  each,
  flood,
  methodBytes,
  overOf,
  publishBytes,
  workedOff,
} from "../load.ts";
import { memoryAttack } from "../memory.ts";

const QUEUES = 1_500;
const MESSAGES = 20_000;

export const fanoutEntries = memoryAttack({
  name: "fanout-entries",
  sentence: "20,000 small messages to a fanout with 1,500 queues: 30 million entries",
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "exchange.declare", { exchange: "wide", type: "fanout" });
    const queues = each(QUEUES, (number) => [
      methodBytes("queue.declare", { queue: `wide-${number}`, noWait: true }),
      methodBytes("queue.bind", { queue: `wide-${number}`, exchange: "wide", noWait: true }),
    ]);
    await workedOff(peer, queues.flat(), `wide-${QUEUES - 1}`);
    await flood(peer.detach(), publishBytes({ exchange: "wide" }, 64), MESSAGES, stop);
    await overOf(stop);
  },
});
