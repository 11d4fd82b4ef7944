// deno-lint-ignore-file no-console -- it prints to the terminal
/** Millions of messages through one embedded broker. Run by `deno task soak`; see README.md. */
import { parseArgs } from "node:util";
import { EmbeddedBroker } from "./broker/embedded_broker.ts";
import { RawConnection } from "./broker/raw_connection.ts";
import { EXECUTABLE } from "./executable.ts";
import { formatReport } from "./report.ts";
import { beginning, reportHead } from "./report_head.ts";
import { replaceResults } from "./results.ts";
import type { Section } from "./section.ts";
import { Arrivals } from "./soak/arrivals.ts";
import { Consumer } from "./soak/consumer.ts";
import { Producer } from "./soak/producer.ts";
import { judgeFlatness, type Sample, sampleTable } from "./soak/samples.ts";

const HELP = `Usage: deno task soak [options]

  --messages N  how many (default: 20000000)
  --every S     seconds between two looks at the broker (default: 10)
  --write       also put the report into bench/README.md`;

const FAILED = 1;
const USAGE = 64;
const PREFETCH = 500;
/** From the last confirm to the last arrival, in milliseconds. */
const ARRIVAL_TIMEOUT_MS = 60_000;

/** Who uses the queues: alone, several producers, several of both. */
const QUEUES = [
  { queue: "soak-1", producers: 1, consumers: 1 },
  { queue: "soak-2", producers: 2, consumers: 1 },
  { queue: "soak-3", producers: 2, consumers: 2 },
] as const;
const PRODUCERS = QUEUES.reduce((sum, { producers }) => sum + producers, 0);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      messages: { type: "string", default: "20000000" },
      every: { type: "string", default: "10" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [messages, everySeconds] = [Number(values.messages), Number(values.every)];
  if (!Number.isInteger(messages) || messages < PRODUCERS || !(everySeconds > 0)) {
    console.error(HELP);
    return USAGE;
  }
  const begun = beginning();
  const section = await soak(Math.floor(messages / PRODUCERS), everySeconds * 1_000);
  const report = formatReport({
    ...await reportHead(begun),
    sections: [section],
  });
  console.log(report);
  if (values.write) {
    await replaceResults(new URL("README.md", import.meta.url), report, "deno task soak --write");
  }
  return section.verdicts.every(({ met }) => met) ? 0 : FAILED;
}

/** @throws when a message is lost, changed, comes twice or out of order. */
async function soak(messagesEach: number, everyMs: number): Promise<Section> {
  await using broker = await EmbeddedBroker.start(EXECUTABLE);
  await using connections = new AsyncDisposableStack();
  const connect = async () => connections.use(await RawConnection.open(broker.url));
  const control = await connect();
  const total = messagesEach * PRODUCERS;
  const arrivals: Arrivals[] = [];
  const allArrived = Promise.withResolvers<void>();
  const producers: Producer[] = [];
  const failures: Promise<never>[] = [];
  const consuming: RawConnection[] = [];
  const arrived = () => arrivals.reduce((sum, { count }) => sum + count, 0);
  const goOn = () => {
    for (const producer of producers) producer.send();
    if (arrived() === total) allArrived.resolve();
  };

  for (const { queue, producers: publishing, consumers } of QUEUES) {
    await control.call("queue.declare", { queue, durable: true });
    for (let number = 0; number < consumers; number++) {
      const connection = await connect();
      failures.push(connection.failed);
      consuming.push(connection);
      await connection.call("basic.qos", { prefetchCount: PREFETCH });
      const consumer: Consumer = new Consumer(connection, {
        multiple: number === 1,
        arrived: (producer, sequence) => arrivals[producer]!.add(sequence, consumer),
        pause: goOn,
      });
      await connection.call("basic.consume", { queue });
    }
    for (let number = 0; number < publishing; number++) {
      const connection = await connect();
      await connection.call("confirm.select");
      const own = new Arrivals(messagesEach);
      arrivals.push(own);
      producers.push(
        new Producer(connection, {
          number: producers.length,
          queue,
          messages: messagesEach,
          arrivals: own,
        }),
      );
    }
  }

  const samples: Sample[] = [];
  const startedAtMs = performance.now();
  const look = async () => {
    const messages = arrived();
    const backlog = producers.reduce((sum, { sent }) => sum + sent, 0) - messages;
    const elapsedMs = performance.now() - startedAtMs;
    const { residentBytes } = await broker.memory();
    const [diskBytes, descriptors] = [await broker.diskBytes(), await broker.descriptors()];
    samples.push({ elapsedMs, messages, backlog, residentBytes, diskBytes, descriptors });
    console.error(`${(elapsedMs / 1_000).toFixed(0)} s: ${messages.toLocaleString("en")}`);
  };
  const failed = Promise.withResolvers<never>();
  Deno.addSignalListener("SIGINT", () => failed.reject(new Error("interrupted")));
  const timer = setInterval(() => look().catch(failed.reject), everyMs);
  let deadline: ReturnType<typeof setTimeout> | undefined;
  try {
    goOn();
    const confirmed = Promise.all(producers.map(({ done }) => done));
    await Promise.race([confirmed, failed.promise, ...failures]);
    const lost = () => failed.reject(new Error(`of ${total} messages ${arrived()} arrived`));
    deadline = setTimeout(lost, ARRIVAL_TIMEOUT_MS);
    await Promise.race([allArrived.promise, failed.promise, ...failures]);
    await look();
  } finally {
    clearInterval(timer);
    clearTimeout(deadline);
  }
  // An acknowledgement that the broker missed shows as a message that is ready again.
  for (const connection of consuming) await connection[Symbol.asyncDispose]();
  let left = 0;
  for (const { queue } of QUEUES) {
    const { messageCount } = await control.call("queue.declare", { queue, passive: true });
    left += messageCount as number;
  }
  return {
    markdown: `${sampleTable(samples)}\n`,
    verdicts: [
      {
        text: `Soak, ${total.toLocaleString("en")} messages: each arrives once, whole and in ` +
          `order, and none is left; measured ${arrived().toLocaleString("en")} and ${left}`,
        met: arrived() === total && left === 0,
      },
      ...judgeFlatness(samples),
    ],
  };
}

Deno.exit(await main());
