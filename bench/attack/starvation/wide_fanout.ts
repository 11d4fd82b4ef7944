import { attacker, CHANNEL, each, methodBytes, publishBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const QUEUES = 3_000;
const MESSAGES = 20;

export const wideFanout = starvation({
  name: "wide-fanout",
  sentence: "20 persistent messages to a fanout with 3,000 durable queues",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "exchange.declare", { exchange: "wide", type: "fanout" });
    const queues = each(QUEUES, (number) => [
      methodBytes("queue.declare", { queue: `wide-${number}`, durable: true, noWait: true }),
      methodBytes("queue.bind", { queue: `wide-${number}`, exchange: "wide", noWait: true }),
    ]);
    await workedOff(peer, queues.flat(), `wide-${QUEUES - 1}`);
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    const message = publishBytes({ exchange: "wide" }, 64, { deliveryMode: 2 });
    await workedOff(peer, each(MESSAGES, () => message), `wide-${QUEUES - 1}`);
  },
});
