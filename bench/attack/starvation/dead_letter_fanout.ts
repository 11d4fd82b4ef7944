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

const QUEUES = 8;
const LOOK_MS = 100;

/** Each queue's dead letter goes to all of them but those where it has been. */
const DEATHS = each(QUEUES, (at) => each(at + 1, (less) => QUEUES - less).reduce((a, b) => a * b))
  .reduce((sum, deaths) => sum + deaths);

/** A queue without TTL gets a copy of the message and of each dead letter, and so counts them. */
export const deadLetterFanout = starvation({
  name: "dead-letter-fanout",
  sentence: `8 queues with TTL 0, all bound to the one dead-letter exchange; one message dies ` +
    `${DEATHS.toLocaleString("en")} times`,
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "exchange.declare", { exchange: "again", type: "fanout" });
    const properties = { "x-message-ttl": 0, "x-dead-letter-exchange": "again" };
    const queues = each(QUEUES, (number) => {
      const queue = `again-${number}`;
      return [
        methodBytes("queue.declare", { queue, noWait: true, arguments: properties }),
        methodBytes("queue.bind", { queue, exchange: "again", noWait: true }),
      ];
    });
    await workedOff(peer, queues.flat(), `again-${QUEUES - 1}`);
    await peer.call(CHANNEL, "queue.declare", { queue: "counted" });
    await peer.call(CHANNEL, "queue.bind", { queue: "counted", exchange: "again" });
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    peer.sendBytes(publishBytes({ exchange: "again" }, 64));
    while (!stop.aborted && await lengthOf(peer, "counted") < DEATHS + 1) await setTimeout(LOOK_MS);
  },
});
