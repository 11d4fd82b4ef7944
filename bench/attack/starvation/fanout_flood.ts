import { attacker, CHANNEL, each, methodBytes, publishBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const QUEUES = 1_500;
const MESSAGES = 1_000;

export const fanoutFlood = starvation({
  name: "fanout-flood",
  sentence: "1,000 messages at once to a fanout with 1,500 queues",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "exchange.declare", { exchange: "flood", type: "fanout" });
    const queues = each(QUEUES, (number) => [
      methodBytes("queue.declare", { queue: `flood-${number}`, noWait: true }),
      methodBytes("queue.bind", { queue: `flood-${number}`, exchange: "flood", noWait: true }),
    ]);
    await workedOff(peer, queues.flat(), `flood-${QUEUES - 1}`);
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    const message = publishBytes({ exchange: "flood" }, 64);
    await workedOff(peer, each(MESSAGES, () => message), `flood-${QUEUES - 1}`);
  },
});
