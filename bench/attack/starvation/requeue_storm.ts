import { setTimeout } from "node:timers/promises";
import { attacker, CHANNEL, inPieces, lengthOf, publishBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const MESSAGES = 200_000;
const LOOK_MS = 100;

export const requeueStorm = starvation({
  name: "requeue-storm",
  sentence: "a consumer without prefetch takes 200,000 messages and dies",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.declare", { queue: "returning" });
    const message = publishBytes({ routingKey: "returning" }, 64);
    await workedOff(peer, inPieces(message, MESSAGES), "returning");
  },
  async attack({ url }, stop) {
    await using watcher = await attacker(url, stop);
    const length = async (wanted: number) => {
      while (!stop.aborted && await lengthOf(watcher, "returning") !== wanted) {
        await setTimeout(LOOK_MS);
      }
    };
    await using consumer = await attacker(url, stop);
    await consumer.call(CHANNEL, "basic.consume", { queue: "returning" });
    await length(0);
    await consumer[Symbol.asyncDispose]();
    await length(MESSAGES);
  },
});
