import { Buffer } from "node:buffer";
import { markdownTable, type Section } from "../section.ts";
import { percentileOf, spreadOf } from "../statistics.ts";
import { encodePublish, RawConnection } from "./raw_connection.ts";
import type { Rival, Rivals } from "./rivals.ts";

/** One persistent message at a time: from the write of the publish to its confirm. */
export async function confirmLatency(
  rivals: Rivals,
  { quick, stop }: { readonly quick: boolean; readonly stop: AbortSignal },
): Promise<Section> {
  const publishes = quick ? 100 : 1_000;
  const rounds = quick ? 2 : 5;
  const latenciesMs = new Map(rivals.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const rival of rivals) {
      stop.throwIfAborted();
      const measured = await publishOneByOne(rival, publishes);
      if (round > 0) latenciesMs.get(rival.name)!.push(...measured); // the first is to warm up
    }
  }
  const results = rivals.map(({ name }) => {
    const all = latenciesMs.get(name)!;
    return { name, count: all.length, ...spreadOf(all), p99: percentileOf(all, 99) };
  });
  const rows = results.map(({ name, count, median, p99, min, max }) => [
    name,
    count.toLocaleString("en"),
    formatMicroseconds(median),
    formatMicroseconds(p99),
    `${formatMicroseconds(min)} … ${formatMicroseconds(max)}`,
  ]);
  const table = markdownTable(["", "publishes", "median", "p99", "min … max"], rows);
  const [own, peer] = results as [typeof results[number], typeof results[number]];
  return {
    markdown: `### Embedded broker, confirm of a single persistent publish\n\n${table}\n`,
    verdicts: (["median", "p99"] as const).map((measure) => ({
      text: `Embedded broker, confirm latency: ${measure} below ${peer.name}'s; measured ` +
        `${formatMicroseconds(own[measure])}, ${peer.name} ${formatMicroseconds(peer[measure])}`,
      met: own[measure] < peer[measure],
    })),
  };
}

async function publishOneByOne({ url }: Rival, publishes: number): Promise<number[]> {
  const queue = `bench-${crypto.randomUUID().slice(0, 8)}`;
  await using connection = await RawConnection.open(url);
  await connection.call("queue.declare", { queue, durable: true });
  await connection.call("confirm.select");
  const publish = encodePublish(queue, Buffer.alloc(64, "x"), { persistent: true });
  const latenciesMs: number[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let sentAtMs = performance.now();
  connection.traffic = {
    confirmed: () => {
      latenciesMs.push(performance.now() - sentAtMs);
      if (latenciesMs.length === publishes) return resolve();
      sentAtMs = performance.now();
      connection.write(publish);
    },
  };
  connection.write(publish);
  await Promise.race([done, connection.failed]);
  await connection.call("queue.delete", { queue });
  return latenciesMs;
}

function formatMicroseconds(ms: number): string {
  return `${Math.round(ms * 1_000).toLocaleString("en")} µs`;
}
