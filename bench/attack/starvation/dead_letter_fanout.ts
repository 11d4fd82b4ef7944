import { attacker, CHANNEL, each, methodBytes, publishBytes, workedOff } from "../load.ts";
import { atRest } from "../process_state.ts";
import { starvation } from "../starvation.ts";

const QUEUES = 8;

/** Each queue's dead letter goes to all of them but those where it has been: over 8! copies. */
export const deadLetterFanout = starvation({
  name: "dead-letter-fanout",
  sentence: "8 queues with TTL 0, all bound to the one dead-letter exchange; one message",
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
  },
  async attack({ url, pid }, stop) {
    await using peer = await attacker(url, stop);
    peer.sendBytes(publishBytes({ exchange: "again" }, 64));
    await atRest(pid, stop);
  },
});
