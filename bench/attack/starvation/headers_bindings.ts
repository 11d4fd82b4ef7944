import { attacker, CHANNEL, each, methodBytes, workedOff } from "../load.ts";
import { starvation } from "../starvation.ts";

const BINDINGS = 2_000;
const ARGUMENTS = 5;

export const headersBindings = starvation({
  name: "headers-bindings",
  sentence: "a headers exchange gets 2,000 bindings of 5 arguments",
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    const exchange = { exchange: "headed", type: "headers", durable: true };
    await peer.call(CHANNEL, "exchange.declare", exchange);
    await peer.call(CHANNEL, "queue.declare", { queue: "headed", durable: true });
    const bindings = each(BINDINGS, (number) => {
      return methodBytes("queue.bind", {
        queue: "headed",
        exchange: "headed",
        noWait: true,
        arguments: Object.fromEntries(each(ARGUMENTS, (at) => [`key-${at}`, `${number}-${at}`])),
      });
    });
    await workedOff(peer, bindings, "headed");
  },
});
