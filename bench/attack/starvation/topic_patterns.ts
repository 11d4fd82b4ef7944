import { attacker, CHANNEL, each, methodBytes, publishBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const PATTERNS = 500;
const PATTERN_WORDS = 100;
const KEY_WORDS = 127;
const MESSAGES = 20;
const WORDS = ["#", "*", "a"];

export const topicPatterns = starvation({
  name: "topic-patterns",
  sentence: "500 topic patterns of 100 words of #, * and a; 20 publishes with keys of 127 words",
  async prepare({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "exchange.declare", { exchange: "topics", type: "topic" });
    await peer.call(CHANNEL, "queue.declare", { queue: "topics", durable: true });
    const random = wordPicker();
    const bindings = each(PATTERNS, () => {
      const routingKey = each(PATTERN_WORDS, random).join(".");
      return methodBytes("queue.bind", {
        queue: "topics",
        exchange: "topics",
        routingKey,
        noWait: true,
      });
    });
    await workedOff(peer, bindings, "topics");
  },
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    const routingKey = each(KEY_WORDS, () => "a").join(".");
    const message = publishBytes({ exchange: "topics", routingKey }, 64);
    await workedOff(peer, each(MESSAGES, () => message), "topics");
  },
});

/** The same patterns in every run: a linear congruential generator. */
function wordPicker(): () => string {
  let state = 1;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return WORDS[state % WORDS.length]!;
  };
}
