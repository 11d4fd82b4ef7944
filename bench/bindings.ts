// deno-lint-ignore-file no-console -- it prints to the terminal
/** An exchange with ever more bindings. Run by `deno task bindings`; see README.md. */
import { parseArgs } from "node:util";
import { bindingGrowth } from "./broker/binding_growth.ts";
import { EmbeddedBroker } from "./broker/embedded_broker.ts";
import { EXECUTABLE } from "./executable.ts";
import { formatReport } from "./report.ts";
import { beginning, reportHead } from "./report_head.ts";
import { replaceResults } from "./results.ts";
import { brokerVersion } from "./scratch_queue.ts";

const HELP = `Usage: deno task bindings [options]

  --quick    few bindings, for trying it out
  --url URL  RabbitMQ (default: AMQP_URL, or amqp://guest:guest@localhost:5672/)
  --write    also put the report into bench/README.md`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    url: {
      type: "string",
      default: Deno.env.get("AMQP_URL") ?? "amqp://guest:guest@localhost:5672",
    },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) console.log(HELP);
else await compare(values);

async function compare(options: { quick: boolean; url: string; write: boolean }): Promise<void> {
  const { quick, url } = options;
  const begun = beginning();
  const peer = await brokerVersion(url);
  const interruption = new AbortController();
  Deno.addSignalListener("SIGINT", () => interruption.abort());
  await using broker = await EmbeddedBroker.start(EXECUTABLE);
  const rivals = [{ name: "embedded", url: broker.url }, { name: peer, url }] as const;
  const section = await bindingGrowth(rivals, { quick, stop: interruption.signal });
  const report = formatReport({
    ...await reportHead(begun, { quick: quick ? "few bindings" : undefined, versions: [peer] }),
    sections: [section],
  });
  console.log(report);
  if (!options.write) return;
  await replaceResults(new URL("README.md", import.meta.url), report, "deno task bindings --write");
}
