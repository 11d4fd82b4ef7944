import { Buffer } from "node:buffer";
import { attacker, CHANNEL, each, flood, methodBytes, overOf } from "../load.ts";
import { memoryAttack } from "../memory.ts";

const PIECES = 100;
const BINDINGS_EACH = 10_000;

export const manyBindings = memoryAttack({
  name: "many-bindings",
  sentence: "a million bindings with routing keys of 200 octets",
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "exchange.declare", { exchange: "knotted", type: "direct" });
    await peer.call(CHANNEL, "queue.declare", { queue: "knotted" });
    const socket = peer.detach();
    for (let piece = 0; piece < PIECES && !stop.aborted; piece++) {
      const bindings = each(BINDINGS_EACH, (number) => {
        const routingKey = `${piece}-${number}`.padEnd(200, "x");
        return methodBytes("queue.bind", {
          queue: "knotted",
          exchange: "knotted",
          routingKey,
          noWait: true,
        });
      });
      await flood(socket, Buffer.concat(bindings), 1, stop);
    }
    await overOf(stop);
  },
});
