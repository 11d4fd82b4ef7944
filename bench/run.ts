// deno-lint-ignore-file no-console -- it prints to the terminal
/** worktool side by side with its peers. Run by `deno task bench`; see README.md beside it. */
import { parseArgs } from "node:util";
import { ConnectFailed } from "../src/amqp/errors.ts";
import type { Benchmark, Context } from "./benchmark.ts";
import { embeddedBroker } from "./broker.ts";
import { bulkSend } from "./bulk_send.ts";
import { drain } from "./drain.ts";
import { EXECUTABLE } from "./executable.ts";
import { lineFiles } from "./line_files.ts";
import { memory } from "./memory.ts";
import { oneSend } from "./one_send.ts";
import { eachTask } from "./each_task.ts";
import { findPeers, type Peers } from "./peer.ts";
import { formatReport } from "./report.ts";
import { beginning, reportHead } from "./report_head.ts";
import { brokerVersion } from "./scratch_queue.ts";
import { replaceResults } from "./results.ts";
import type { Section } from "./section.ts";
import { smoke } from "./smoke.ts";

const BENCHMARKS: readonly Benchmark[] = [
  oneSend,
  bulkSend,
  drain,
  eachTask,
  memory,
  smoke,
  embeddedBroker,
];
const NAMES = BENCHMARKS.map(({ name }) => name).join(", ");
const HELP = `Usage: deno task bench [options]

  --quick      small numbers, for trying it out
  --only NAME  ${NAMES}; repeatable (smoke: only so, alone)
  --url URL    broker (default: AMQP_URL, or amqp://guest:guest@localhost:5672/)
  --write      also put the report into bench/README.md`;

const UNAVAILABLE = 69;
const USAGE = 64;
const INTERRUPTED = 130;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      url: { type: "string" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const chosen = BENCHMARKS.filter(({ name, apart = false }) =>
    values.only.length === 0 ? !apart : values.only.includes(name)
  );
  if (chosen.length < values.only.length) {
    console.error(`--only: one of ${NAMES}`);
    return USAGE;
  }
  const apart = chosen.find((benchmark) => benchmark.apart);
  if (apart !== undefined && chosen.length > 1) {
    console.error(`--only ${apart.name} goes alone: its results stand apart`);
    return USAGE;
  }
  const given = values.url ?? Deno.env.get("AMQP_URL") ?? "amqp://guest:guest@localhost:5672";
  // The default vhost is spelled out: amqp-tools take a "/" at the end for one without a name.
  const url = given.replace(/(:\/\/[^/]+)\/?$/, "$1/%2F");
  const broker = await brokerVersion(url).catch((error) => {
    if (!(error instanceof ConnectFailed)) throw error;
    console.error(`No broker to measure with: ${error.message}`);
    console.error("Start RabbitMQ (Debian: apt-get install rabbitmq-server), or name one by --url");
    return undefined;
  });
  if (broker === undefined) return UNAVAILABLE;
  const peers = await findPeers();
  for (const name of peers.missing) console.error(`Missing, its rows are skipped: ${name}`);

  const begun = beginning();
  const interruption = new AbortController();
  Deno.addSignalListener("SIGINT", () => interruption.abort());
  const { signal: stop } = interruption;
  let sections: Section[];
  try {
    sections = await runAll(chosen, { url, brokerName: broker, peers, quick: values.quick, stop });
  } catch (error) {
    if (!stop.aborted) throw error;
    console.error("Interrupted; the queues are deleted");
    return INTERRUPTED;
  }
  const report = formatReport({
    ...await reportHead(begun, {
      quick: values.quick ? "small numbers" : undefined,
      versions: [broker, ...peers.versions],
      remarks: peers.missing.map((name) => `Skipped: ${name} is missing`),
    }),
    sections,
  });
  console.log(report);
  if (values.write) {
    const only = apart === undefined ? "" : ` --only ${apart.name}`;
    const file = new URL("README.md", import.meta.url);
    await replaceResults(file, report, `deno task bench${only} --write`);
  }
  return 0;
}

async function runAll(
  benchmarks: readonly Benchmark[],
  options: { url: string; brokerName: string; peers: Peers; quick: boolean; stop: AbortSignal },
): Promise<Section[]> {
  await using files = await lineFiles();
  const context: Context = {
    ...options,
    worktool: EXECUTABLE,
    linesFile: files.withLines,
    outputFile: files.output,
  };
  const sections: Section[] = [];
  for (const { name, run } of benchmarks) {
    console.error(`Measuring ${name} …`);
    sections.push(...await run(context));
  }
  return sections;
}

Deno.exit(await main());
