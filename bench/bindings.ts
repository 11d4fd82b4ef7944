import type { Benchmark } from "./benchmark.ts";
import { bindingGrowth } from "./broker/binding_growth.ts";
import { EmbeddedBroker } from "./broker/embedded_broker.ts";

/** Routing on the embedded broker and on RabbitMQ, from few bindings to many. */
export const bindings: Benchmark = {
  name: "bindings",
  async run({ worktool, url, brokerName, quick, stop }) {
    await using broker = await EmbeddedBroker.start(worktool);
    const rivals = [{ name: "embedded", url: broker.url }, { name: brokerName, url }] as const;
    return [await bindingGrowth(rivals, { quick, stop })];
  },
};
