import process from "node:process";
import { formatRate, markdownTable, type Section } from "../section.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import { consumeAll, type Load, PREFETCH, publishAll } from "./flow.ts";
import { RawConnection } from "./raw_connection.ts";
import type { Rivals } from "./rivals.ts";

const BODY_BYTES = 64;

/** What is compared, and how many times RabbitMQ's rate is wanted. */
const WORKS = [
  { what: "publish persistent, confirmed", persistent: true, run: publishAll, atLeast: 2 },
  {
    what: `consume persistent, prefetch ${PREFETCH}`,
    persistent: true,
    run: consumeAll,
    atLeast: 2.5,
  },
  { what: "publish transient, confirmed", persistent: false, run: publishAll, atLeast: 2 },
  {
    what: `consume transient, prefetch ${PREFETCH}`,
    persistent: false,
    run: consumeAll,
    atLeast: 2.5,
  },
] as const;

interface Sample {
  readonly perSecond: number;
  /** Of one core. */
  readonly clientShare: number;
}

/** Fills and empties a queue: rates of one connection, 64-byte bodies. */
export async function throughput(
  rivals: Rivals,
  { quick, stop }: { readonly quick: boolean; readonly stop: AbortSignal },
): Promise<Section> {
  const messages = quick ? 10_000 : 200_000;
  const rounds = quick ? 2 : 7;
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const persistent of [true, false]) {
      for (const { name, url } of rivals) {
        stop.throwIfAborted();
        const queue = `bench-${crypto.randomUUID().slice(0, 8)}`;
        const load = { queue, messages, bodyBytes: BODY_BYTES, persistent };
        for (const sample of await fillAndEmpty(url, load)) {
          if (round === 0) continue; // not measured: the first one pays for the compiler
          const key = `${sample.what}: ${name}`;
          samples.set(key, [...samples.get(key) ?? [], sample]);
        }
      }
    }
  }
  return section(rivals, { messages, rounds, samples });
}

async function fillAndEmpty(url: string, load: Load): Promise<(Sample & { what: string })[]> {
  const { queue, messages, persistent } = load;
  await using control = await RawConnection.open(url);
  await control.call("queue.declare", { queue, durable: persistent });
  const samples = [];
  for (const { what, run } of WORKS.filter((work) => work.persistent === persistent)) {
    await using connection = await RawConnection.open(url);
    const cpu = process.cpuUsage();
    const startedAtMs = performance.now();
    await run(connection, load);
    const elapsedMs = performance.now() - startedAtMs;
    const { user, system } = process.cpuUsage(cpu);
    samples.push({
      what,
      perSecond: messages / elapsedMs * 1_000,
      clientShare: (user + system) / 1_000 / elapsedMs,
    });
    const { messageCount } = await control.call("queue.declare", { queue, passive: true });
    const due = run === publishAll ? messages : 0;
    if (messageCount !== due) throw new Error(`${messageCount} messages ready, ${due} were due`);
  }
  await control.call("queue.delete", { queue });
  return samples;
}

function section(
  [embedded, rabbitmq]: Rivals,
  { messages, rounds, samples }: {
    readonly messages: number;
    readonly rounds: number;
    readonly samples: ReadonlyMap<string, readonly Sample[]>;
  },
): Section {
  const rows: string[][] = [];
  const verdicts = [];
  for (const { what, atLeast } of WORKS) {
    const spreads = new Map<string, Spread>();
    for (const { name } of [embedded, rabbitmq]) {
      const of = samples.get(`${what}: ${name}`)!;
      const spread = spreadOf(of.map(({ perSecond }) => perSecond));
      const client = spreadOf(of.map(({ clientShare }) => clientShare)).median;
      spreads.set(name, spread);
      rows.push([
        `${what}: ${name}`,
        messages.toLocaleString("en"),
        String(rounds),
        formatRate(spread.median),
        `${formatRate(spread.min)} … ${formatRate(spread.max)}`,
        name === embedded.name
          ? ""
          : `${(spreads.get(embedded.name)!.median / spread.median).toFixed(2)} ×`,
        `${(client * 100).toFixed(0)} %`,
      ]);
    }
    const ratio = spreads.get(embedded.name)!.median / spreads.get(rabbitmq.name)!.median;
    verdicts.push({
      text: `Embedded broker, ${what}: rate at least ${atLeast} × ${rabbitmq.name}; ` +
        `measured ${ratio.toFixed(2)} ×`,
      met: ratio >= atLeast,
    });
  }
  const header = ["", "messages", "rounds", "messages/s", "min … max", "embedded's rate", "client"];
  const table = markdownTable(header, rows);
  return {
    markdown: `### Embedded broker, one connection, 64-byte bodies\n\n${table}\n`,
    verdicts,
  };
}
