import { setTimeout } from "node:timers/promises";
import {
  attacker,
  CHANNEL,
  each,
  lengthOf,
  methodBytes,
  publishBytes,
  workedOff,
} from "../load.ts";
import { starvation } from "../starvation.ts";

const QUEUES = 1_000;
const LOOK_MS = 100;

export const ttlChain = starvation({
  name: "ttl-chain",
  sentence: "a chain of 1,000 queues with TTL 0, each dead-lettering to the next; one message",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: `link-${QUEUES}` });
    const queues = each(QUEUES, (number) => {
      return methodBytes("queue.declare", {
        queue: `link-${number}`,
        noWait: true,
        arguments: {
          "x-message-ttl": 0,
          "x-dead-letter-exchange": "",
          "x-dead-letter-routing-key": `link-${number + 1}`,
        },
      });
    });
    await workedOff(peer, queues, `link-${QUEUES - 1}`);
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    peer.sendBytes(publishBytes({ routingKey: "link-0" }, 64));
    while (!stop.aborted && await lengthOf(peer, `link-${QUEUES}`) === 0) await setTimeout(LOOK_MS);
  },
});
