import { attacker, CHANNEL, each, methodBytes, workedOff } from "../load.ts";
import { type Starvation, starvation } from "../starvation.ts";

const BINDINGS = 20_000;

const bind: NonNullable<Starvation["prepare"]> = async ({ url }, stop) => {
  await using peer = await attacker(url, stop);
  await peer.call(CHANNEL, "exchange.declare", { exchange: "bound", type: "fanout" });
  await peer.call(CHANNEL, "queue.declare", { queue: "bound", durable: true });
  const bindings = each(BINDINGS, (number) => {
    const routingKey = `${number}`;
    return methodBytes("queue.bind", {
      queue: "bound",
      exchange: "bound",
      routingKey,
      noWait: true,
    });
  });
  await workedOff(peer, bindings, "bound");
};

export const fanoutBindings = starvation({
  name: "fanout-bindings",
  sentence: "a fanout gets 20,000 bindings",
  attack: bind,
});

export const boundQueueDelete = starvation({
  name: "bound-queue-delete",
  sentence: "queue.delete of a queue with 20,000 bindings",
  prepare: bind,
  async attack({ url }, stop) {
    await using peer = await attacker(url, stop);
    await peer.call(CHANNEL, "queue.delete", { queue: "bound" });
  },
});
