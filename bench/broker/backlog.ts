import { formatMegabytes, formatRate, markdownTable, type Section } from "../section.ts";
import { spreadOf } from "../statistics.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { flowThrough, publishAll } from "./flow.ts";
import { RawConnection } from "./raw_connection.ts";

const QUEUE = "bench";
const BODY_BYTES = 64;
/** The rate with a long queue may be so much of that with a short one. */
const LEAST_SHARE = 0.8;

/** Publishing and consuming side by side, with few and with many messages in front. */
export async function backlog(
  worktool: string,
  { quick, stop }: { readonly quick: boolean; readonly stop: AbortSignal },
): Promise<Section> {
  const [few, many] = [1_000, quick ? 20_000 : 1_000_000] as const;
  const messages = quick ? 10_000 : 200_000;
  const rounds = quick ? 2 : 7;
  // One broker each, so that neither pays for the other's memory.
  await using short = await EmbeddedBroker.start(worktool);
  await using long = await EmbeddedBroker.start(worktool);
  const contestants = [
    { broker: short, queued: few, rates: [] as number[] },
    { broker: long, queued: many, rates: [] as number[] },
  ] as const;
  for (const { broker, queued } of contestants) {
    await using connection = await RawConnection.open(broker.url);
    await connection.call("queue.declare", { queue: QUEUE, durable: true });
    const load = { queue: QUEUE, messages: queued, bodyBytes: BODY_BYTES, persistent: true };
    await publishAll(connection, load);
  }
  for (let round = 0; round <= rounds; round++) {
    for (const { broker, queued, rates } of contestants) {
      stop.throwIfAborted();
      const perSecond = await flow(broker, queued, messages);
      if (round > 0) rates.push(perSecond); // the first is to warm up
    }
  }
  const [shortest, longest] = contestants.map(({ rates }) => spreadOf(rates).median) as [
    number,
    number,
  ];
  const rows: string[][] = [];
  for (const { broker, queued, rates } of contestants) {
    const { median, min, max } = spreadOf(rates);
    rows.push([
      `${queued.toLocaleString("en")} queued`,
      messages.toLocaleString("en"),
      String(rounds),
      formatRate(median),
      `${formatRate(min)} … ${formatRate(max)}`,
      `${(median / shortest).toFixed(2)} ×`,
      formatMegabytes((await broker.memory()).peakBytes),
    ]);
  }
  const header = ["", "messages", "rounds", "messages/s", "min … max", "of the first", "peak"];
  const table = markdownTable(header, rows);
  return {
    markdown: `### Embedded broker, publishing and consuming at a backlog\n\n${table}\n`,
    verdicts: [{
      text: `Embedded broker, publish and consume with ${many.toLocaleString("en")} queued: rate ` +
        `at least ${LEAST_SHARE} × that with ${few.toLocaleString("en")}; measured ` +
        `${(longest / shortest).toFixed(2)} ×`,
      met: longest / shortest >= LEAST_SHARE,
    }],
  };
}

async function flow({ url }: EmbeddedBroker, queued: number, messages: number): Promise<number> {
  await using publisher = await RawConnection.open(url);
  const load = { queue: QUEUE, messages, bodyBytes: BODY_BYTES, persistent: true };
  let elapsedMs;
  {
    await using consumer = await RawConnection.open(url);
    const startedAtMs = performance.now();
    await flowThrough(publisher, consumer, load);
    elapsedMs = performance.now() - startedAtMs;
  } // what the consumer did not acknowledge goes back
  const { messageCount } = await publisher.call("queue.declare", { queue: QUEUE, passive: true });
  if (messageCount !== queued) throw new Error(`${messageCount} ready, ${queued} were due`);
  return messages / elapsedMs * 1_000;
}
