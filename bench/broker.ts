import type { Benchmark } from "./benchmark.ts";
import { backlog } from "./broker/backlog.ts";
import { confirmLatency } from "./broker/confirm_latency.ts";
import { EmbeddedBroker } from "./broker/embedded_broker.ts";
import { readiness } from "./broker/readiness.ts";
import { throughput } from "./broker/throughput.ts";
import type { Section } from "./section.ts";

/** `worktool broker` against the broker that everything else here is measured on. */
export const embeddedBroker: Benchmark = {
  name: "broker",
  async run({ worktool, url, brokerName, quick, stop }) {
    const sections: Section[] = [];
    {
      await using broker = await EmbeddedBroker.start(worktool);
      const rivals = [{ name: "embedded", url: broker.url }, { name: brokerName, url }] as const;
      sections.push(await throughput(rivals, { quick, stop }));
      sections.push(await confirmLatency(rivals, { quick, stop }));
    }
    sections.push(await readiness(worktool, { quick, stop }));
    sections.push(await backlog(worktool, { quick, stop }));
    return sections;
  },
};
