import { extent } from "d3-array";
import { median } from "simple-statistics";
import type { Experiment, Facts, Observed } from "../experiment.ts";
import type { Table } from "../experiment_report.ts";
import type { Chart } from "../picture/chart_layout.ts";
import type { Stage } from "../stage/stage.ts";

const TASKS = 2_000;
/** One by one, these take long enough. */
const ONE_BY_ONE = 500;
const KINDS: Readonly<Record<string, readonly string[]>> = {
  transient: ["--queue-type", "classic", "--transient"],
  persistent: ["--queue-type", "classic", "--persistent"],
  quorum: ["--queue-type", "quorum", "--persistent"],
};
const CONFIRMS: Readonly<Record<string, readonly string[]>> = {
  "no confirms": ["--no-confirm"],
  "confirms one by one": ["--window", "1"],
  "1,000 in flight": ["--window", "1000"],
};
/** Those of which there is a latency. */
const CONFIRMED = ["confirms one by one", "1,000 in flight"] as const;
/** What a latency curve has a point for. */
const PERCENTILES = [50, 90, 99, 99.9] as const;
const PREFETCHES = [1, 10, 100, 0] as const;

export const price: Experiment = {
  name: "price",
  title: "What each safety costs",
  hasPicture: false,
  claim: "Waiting for each confirm, or for each acknowledgment, costs a round trip a task; " +
    "many in flight cost little.",
  source: {
    title: "RabbitMQ, “Publisher confirms”, on latency",
    url: "https://www.rabbitmq.com/docs/confirms#publisher-confirms-latency",
  },
  question:
    `${TASKS.toLocaleString("en")} tasks without work (${ONE_BY_ONE} one by one): sent, and then ` +
    "drained, one process each, its start included.",

  variants: () =>
    Object.entries(KINDS).map(([kind, flags]) => ({
      name: kind,
      run: (stage) => measure(stage, flags),
    })),

  conclude: (observed) => {
    const rate = (kind: string, key: string) =>
      median(observed.find(({ name }) => name === kind)!.facts.map((facts) => Number(facts[key])));
    const [none, one] = ["no confirms", "confirms one by one"] as const;
    const latencies = observed.flatMap((each) =>
      CONFIRMED.flatMap((mode) =>
        PERCENTILES.map((percentile) => medianOf(each, latencyName(mode, percentile)))
      )
    );
    const times = rate("persistent", none) / rate("persistent", one);
    return {
      verdict: times > 1 ? "as claimed" : "not shown",
      because:
        `Persistent tasks: ${perSecond(rate("persistent", one))} with confirms one by one, ` +
        `${perSecond(rate("persistent", "1,000 in flight"))} with 1,000 in flight, ` +
        `${perSecond(rate("persistent", none))} without.`,
      charts: [
        chart("Draining, tasks a second", observed, {
          across: "prefetch",
          places: PREFETCHES.map((prefetch) => prefetch === 0 ? "no limit" : `${prefetch}`),
          keys: PREFETCHES.map(prefetchName),
          logarithmic: false,
        }),
        ...CONFIRMED.map((mode) =>
          chart(`Confirm time, ms: ${mode}`, observed, {
            across: "share of the tasks",
            places: PERCENTILES.map((percentile) => `${percentile} %`),
            keys: PERCENTILES.map((percentile) => latencyName(mode, percentile)),
            logarithmic: true,
            extent: extent(latencies) as [number, number],
          })
        ),
      ],
      tables: [
        table("Sending, tasks a second", Object.keys(CONFIRMS), observed),
        table("Draining, tasks a second", PREFETCHES.map(prefetchName), observed),
        latencyTable(observed),
        {
          title: "Time a task, one in flight (ms)",
          columns: ["tasks", "confirm", "acknowledgment"],
          rows: observed.map(({ name }) => [
            name,
            ...[one, prefetchName(1)].map((key) => (1_000 / rate(name, key)).toFixed(2)),
          ]),
          note:
            "The start and the end of the process are in it. One run is noisy: --repeat 5 gives medians.",
        },
      ],
    };
  },
};

async function measure(stage: Stage, kind: readonly string[]): Promise<Facts> {
  const facts: Record<string, number> = {};
  const { latencyPercentiles } = await import("../latency.ts"); // no other experiment needs it
  const tasks = (count: number) => ["--count", `${count}`, "--no-echo", "task {n}"];
  for (const [at, [name, flags]] of Object.entries(CONFIRMS).entries()) {
    const queue = stage.anotherQueue(`send-${at}`);
    const count = flags.includes("1") ? ONE_BY_ONE : TASKS;
    const latenciesMs: number[] = [];
    const { counts } = await stage.run([
      ...["send", "--queue", queue, ...kind, ...flags],
      ...tasks(count),
    ], { onEvent: ({ confirmMs }) => confirmMs !== undefined && latenciesMs.push(confirmMs) });
    facts[name] = rateOf(count, counts.elapsedMs);
    for (const [at, ms] of latencyPercentiles(latenciesMs, PERCENTILES).entries()) {
      facts[latencyName(name, PERCENTILES[at]!)] = ms;
    }
  }
  const queue = stage.anotherQueue("drain");
  for (const prefetch of PREFETCHES) {
    await stage.run(["send", "--queue", queue, ...kind, ...tasks(TASKS)]);
    const { counts } = await stage.run([
      ...[
        "work",
        "--queue",
        queue,
        "--prefetch",
        `${prefetch}`,
        "--until-empty",
        "--body-limit",
        "0",
      ],
    ]);
    facts[prefetchName(prefetch)] = rateOf(TASKS, counts.elapsedMs);
  }
  return facts;
}

function rateOf(tasks: number, elapsedMs = 0): number {
  return Math.round(tasks / Math.max(1, elapsedMs) * 1_000);
}

function latencyName(mode: string, percentile: number): string {
  return `${mode}, p${percentile}`;
}

/** In the middle of the runs. */
function medianOf({ facts }: Observed, key: string): number {
  return median(facts.map((one) => Number(one[key])));
}

function chart(
  title: string,
  observed: readonly Observed[],
  { keys, ...axes }: Pick<Chart, "across" | "places" | "logarithmic" | "extent"> & {
    readonly keys: readonly string[];
  },
): Chart {
  const series = observed.map((one) => ({
    name: one.name,
    values: keys.map((key) => medianOf(one, key)),
  }));
  return { title, ...axes, series };
}

function latencyTable(observed: readonly Observed[]): Table {
  return {
    title: "Confirm time (ms)",
    columns: ["tasks", "in flight", ...PERCENTILES.map((percentile) => `p${percentile}`)],
    rows: observed.flatMap((one) =>
      CONFIRMED.map((mode) => [
        one.name,
        mode.startsWith("1,000") ? "1,000" : "1",
        ...PERCENTILES.map((percentile) => medianOf(one, latencyName(mode, percentile)).toFixed(2)),
      ])
    ),
    note: "Of a hundred tasks, 99 were confirmed within p99.",
  };
}

function prefetchName(prefetch: number): string {
  return `prefetch ${prefetch}`;
}

function perSecond(rate: number): string {
  return `${rate.toLocaleString("en")} a second`;
}

function table(title: string, keys: readonly string[], observed: readonly Observed[]) {
  return {
    title,
    columns: ["tasks", ...keys],
    rows: observed.map(({ name, facts }) => [
      name,
      ...keys.map((key) => median(facts.map((one) => Number(one[key]))).toLocaleString("en")),
    ]),
  };
}
