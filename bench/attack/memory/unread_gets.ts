import { Buffer } from "node:buffer";
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

const MIB = 2 ** 20;

/** Each get is a few octets to ask and a whole body to answer; the client reads none. */
function unreadGets(name: string, gets: number, bodyMib: number) {
  return memoryAttack({
    name,
    sentence: `${gets.toLocaleString("en")} pipelined basic.get and nack of a ${bodyMib} MiB ` +
      "message, by a client that does not read",
    async attack({ url }, stop) {
      await using peer = await attacker(url, stop);
      await peer.call(CHANNEL, "queue.declare", { queue: "large", durable: true });
      await workedOff(peer, [publishBytes({ routingKey: "large" }, bodyMib * MIB)], "large");
      const socket = peer.detach();
      const pairs = each(gets, (number) => [
        methodBytes("basic.get", { queue: "large" }),
        methodBytes("basic.nack", { deliveryTag: number + 1, requeue: true }),
      ]);
      await flood(socket, Buffer.concat(pairs.flat()), 1, stop);
      await overOf(stop);
    },
  });
}

export const unreadGets1 = unreadGets("unread-gets-1", 1_200, 1);
export const unreadGets8 = unreadGets("unread-gets-8", 600, 8);
