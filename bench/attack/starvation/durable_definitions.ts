import { attacker, CHANNEL, each, methodBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const QUEUES = 2_000;
const EXCHANGES = 20_000;

export const durableQueues = starvation({
  name: "durable-queues",
  sentence: "2,000 durable queues, pipelined",
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    const queues = each(QUEUES, (number) => {
      return methodBytes("queue.declare", { queue: `kept-${number}`, durable: true, noWait: true });
    });
    await workedOff(peer, queues, `kept-${QUEUES - 1}`);
  },
});

export const durableExchanges = starvation({
  name: "durable-exchanges",
  sentence: "20,000 durable exchanges and bindings, pipelined",
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "kept", durable: true });
    const exchanges = each(EXCHANGES, (number) => {
      const exchange = `kept-${number}`;
      return [
        methodBytes("exchange.declare", { exchange, type: "direct", durable: true, noWait: true }),
        methodBytes("queue.bind", { queue: "kept", exchange, noWait: true }),
      ];
    });
    await workedOff(peer, exchanges.flat(), "kept");
  },
});
