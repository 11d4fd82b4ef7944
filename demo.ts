// deno-lint-ignore-file no-console -- it prints to the terminal
/** The tutorial's scenario with the built executable: who did what. Run by `deno task demo`. */
import { parseArgs } from "node:util";
import { CommandFailed, Executable } from "./demo/executable.ts";
import { DemoBroker } from "./demo/broker.ts";
import { busyMs, drawAxis, drawShares, drawTimeline, makespanMs } from "./demo/timeline.ts";
import { type Span, Worker } from "./demo/worker.ts";

const DOT_MS = 200;
/** In the timeline, three characters a dot. */
const COLUMN_MS = DOT_MS / 3;

const FIVE_TASKS = [
  "First message.",
  "Second message..",
  "Third message...",
  "Fourth message....",
  "Fifth message.....",
];
const HEAVY_AND_LIGHT = Array.from(
  { length: 8 },
  (_, index) => index % 2 === 0 ? `${index + 1} heavy.....` : `${index + 1} light.`,
);

/** Starts C1 and then C2, has the tasks sent, and waits until the two have done them all. */
async function withTwoWorkers(
  executable: Executable,
  prefetch: number,
  tasks: readonly string[],
  send: (queueFlags: readonly string[]) => Promise<void>,
): Promise<Span[]> {
  // The broker deletes the queue when nobody has used it for a minute.
  const queue = `demo-${crypto.randomUUID().slice(0, 8)}`;
  const queueFlags = ["--queue", queue, "--queue-arg", "x-expires=60000"];
  const workFlags = [...queueFlags, "--prefetch", String(prefetch), "--dot", `${DOT_MS}ms`];
  const spans: Span[] = [];
  const allDone = Promise.withResolvers<void>();
  const onDone = (span: Span) => {
    if (spans.push(span) === tasks.length) allDone.resolve();
  };
  await using c1 = await Worker.start(executable, "C1", workFlags, onDone);
  await using c2 = await Worker.start(executable, "C2", workFlags, onDone);
  await send(queueFlags);
  await Promise.race([allDone.promise, c1.ended, c2.ended]);
  return spans;
}

/** The tutorial's "Round-robin dispatching": each task goes to the next worker, in sequence. */
async function roundRobin(executable: Executable): Promise<void> {
  console.log(`\nRound-robin dispatching: two workers, --prefetch 0, five tasks\n`);
  const spans = await withTwoWorkers(executable, 0, FIVE_TASKS, async (queueFlags) => {
    for (const task of FIVE_TASKS) await executable.run(["send", ...queueFlags, task]);
  });
  console.log("\nWho did what, and the number of each task over time:\n");
  console.log(drawShares(spans).join("\n"));
  print(spans, FIVE_TASKS);
}

/** The tutorial's "Fair dispatch": odd tasks are heavy, even ones light. */
async function fairDispatch(executable: Executable, prefetch: number): Promise<Span[]> {
  console.log(`\nHeavy and light tasks, --prefetch ${prefetch}\n`);
  const spans = await withTwoWorkers(
    executable,
    prefetch,
    HEAVY_AND_LIGHT,
    (queueFlags) => executable.feed(HEAVY_AND_LIGHT, ["send", ...queueFlags, "--lines"]),
  );
  print(spans, HEAVY_AND_LIGHT);
  return spans;
}

function print(spans: readonly Span[], order: readonly string[]): void {
  console.log(["", ...drawTimeline(spans, order, COLUMN_MS)].join("\n"));
  console.log(drawAxis(Math.floor(makespanMs(spans) / 1_000), COLUMN_MS));
}

function compare(runs: readonly { prefetch: number; spans: readonly Span[] }[]): void {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`.padStart(8);
  console.log("\n  prefetch   C1 busy   C2 busy   all done after");
  for (const { prefetch, spans } of runs) {
    const busy = ["C1", "C2"].map((name) => seconds(busyMs(spans, name))).join("  ");
    console.log(`  ${String(prefetch).padStart(8)}  ${busy}         ${seconds(makespanMs(spans))}`);
  }
  console.log(
    "\nWith prefetch 0 the broker deals out every task at once: all heavy ones to C1.\n" +
      "With prefetch 1 a worker gets the next task when it has acknowledged the last one.",
  );
}

/** The broker to use: the one named by --url or the environment, else an embedded one. */
function namedBroker(): string | undefined {
  const { url } = parseArgs({ options: { url: { type: "string" } } }).values;
  const variables = ["AMQP_URL", "RABBITMQ_URL", "CLOUDAMQP_URL"];
  return url ?? variables.map((name) => Deno.env.get(name)).find((value) => value);
}

async function demo(url: string | undefined): Promise<void> {
  const path = new URL("dist/worktool", import.meta.url).pathname;
  await using broker = url === undefined ? await DemoBroker.start(path) : undefined;
  const executable = new Executable(path, url ?? broker!.url);
  console.log(`The tutorial's work queue. Every dot is ${DOT_MS} ms of work here, not a second.`);
  console.log(
    broker
      ? `On a broker of its own (worktool broker --port 0 --memory): AMQP_URL=${broker.url}`
      : "For the commands below, AMQP_URL is the broker that you named.",
  );
  await roundRobin(executable);
  const runs = [];
  for (const prefetch of [0, 1]) {
    runs.push({ prefetch, spans: await fairDispatch(executable, prefetch) });
  }
  compare(runs);
}

const UNAVAILABLE = 69;

try {
  await demo(namedBroker());
} catch (error) {
  if (!(error instanceof CommandFailed)) throw error;
  console.error(`\n${error.message}`);
  if (error.exitCode === UNAVAILABLE) {
    console.error(
      "\nThat broker does not answer. Without --url and AMQP_URL the demo uses one of its own;\n" +
        "RabbitMQ on Debian or Ubuntu: apt-get install rabbitmq-server\n" +
        "One elsewhere: deno task demo --url amqp://user:password@host:5672/",
    );
  }
  Deno.exitCode = error.exitCode;
}
