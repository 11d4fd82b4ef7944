import { setTimeout } from "node:timers/promises";
import { CHANNEL, each, lengthOf, methodBytes, workedOff } from "../load.ts";
import { crash } from "../crash.ts";

const EXCHANGES = 30_000;
const LOOK_MS = 50;

export const exchangeChain = crash({
  name: "exchange-chain",
  sentence: "a chain of 30,000 exchange-to-exchange bindings behind a dead-letter exchange",
  async attack({ attacker }, stop) {
    const durable = true;
    await attacker.call(CHANNEL, "queue.declare", { queue: "end", durable });
    await attacker.call(CHANNEL, "queue.declare", {
      queue: "mine-q",
      durable,
      arguments: { "x-message-ttl": 200, "x-dead-letter-exchange": "link-0" },
    });
    const noWait = true;
    const exchanges = each(EXCHANGES, (number) => {
      const exchange = `link-${number}`;
      return methodBytes("exchange.declare", { exchange, type: "fanout", durable, noWait });
    });
    const bindings = each(EXCHANGES - 1, (number) => {
      const [source, destination] = [`link-${number}`, `link-${number + 1}`];
      return methodBytes("exchange.bind", { source, destination, noWait });
    });
    const last = { queue: "end", exchange: `link-${EXCHANGES - 1}`, noWait };
    await workedOff(attacker, [...exchanges, ...bindings, methodBytes("queue.bind", last)], "end");
    const properties = { deliveryMode: 2 };
    attacker.publish(CHANNEL, { routingKey: "mine-q" }, "mine", { properties });
    while (!stop.aborted && await lengthOf(attacker, "mine-q") > 0) await setTimeout(LOOK_MS);
  },
});
