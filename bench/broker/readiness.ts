import { formatMegabytes, formatMs, markdownTable, type Section } from "../section.ts";
import { spreadOf } from "../statistics.ts";
import type { Verdict } from "../target.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { publishAll } from "./flow.ts";
import { RawConnection } from "./raw_connection.ts";

const QUEUE = "bench";
const MB = 1e6;

/** Start-up and memory of the embedded broker, empty and with a large queue. */
export async function readiness(
  worktool: string,
  { quick, stop }: { readonly quick: boolean; readonly stop: AbortSignal },
): Promise<Section> {
  const messages = quick ? 20_000 : 1_000_000;
  const many = messages.toLocaleString("en");
  const rows: string[][] = [];
  const verdicts: Verdict[] = [];

  /** Starts the broker again and again. @returns its memory after each start, in octets */
  async function starts(
    what: string,
    broker: EmbeddedBroker,
    { runs, withinMs, forget }: {
      readonly runs: number;
      readonly withinMs: number;
      readonly forget: boolean;
    },
  ): Promise<number> {
    const elapsedMs: number[] = [];
    const resident: number[] = [];
    let peak = 0;
    for (let run = 0; run < runs; run++) {
      stop.throwIfAborted();
      await broker.stop();
      if (forget) await Deno.remove(broker.directory, { recursive: true });
      const startedAtMs = performance.now();
      await broker.start();
      await using _connection = await RawConnection.open(broker.url);
      elapsedMs.push(performance.now() - startedAtMs);
      const { residentBytes, peakBytes } = await broker.memory();
      resident.push(residentBytes);
      peak = Math.max(peak, peakBytes);
    }
    const spread = spreadOf(elapsedMs);
    const residentBytes = spreadOf(resident).median;
    const time = `${formatMs(spread.median)} (${formatMs(spread.min)} … ${formatMs(spread.max)})`;
    rows.push([what, String(runs), time, formatMegabytes(residentBytes), formatMegabytes(peak)]);
    verdicts.push({
      text: `Embedded broker, ${what}: accepts a client within ${formatMs(withinMs)} of its ` +
        `start; measured ${formatMs(spread.median)}`,
      met: spread.median <= withinMs,
    });
    return residentBytes;
  }

  await using broker = await EmbeddedBroker.start(worktool);
  const idle = await starts("empty", broker, { runs: quick ? 3 : 20, withinMs: 100, forget: true });

  await using filler = await RawConnection.open(broker.url);
  await filler.call("queue.declare", { queue: QUEUE, durable: true });
  await publishAll(filler, { queue: QUEUE, messages, bodyBytes: 64, persistent: true });
  const filled = await broker.memory();
  const disk = await broker.diskBytes();
  rows.push([`${many} just published`, "1", "", formatMegabytes(filled.residentBytes)]);
  rows.at(-1)!.push(formatMegabytes(filled.peakBytes));
  await filler[Symbol.asyncDispose]();
  const restarted = await starts(
    `${many} persistent messages`,
    broker,
    { runs: quick ? 2 : 5, withinMs: 2_000, forget: false },
  );
  const full = Math.max(filled.residentBytes, restarted);
  verdicts.push(
    {
      text: `Embedded broker, resident memory idle: below 60 MB; measured ${formatMegabytes(idle)}`,
      met: idle < 60 * MB,
    },
    {
      text: `Embedded broker, resident memory with ${many} messages of 64 bytes: below 1,000 MB; ` +
        `measured ${formatMegabytes(full)}`,
      met: full < 1_000 * MB,
    },
  );
  const header = ["", "starts", "to an open connection", "resident", "peak"];
  return {
    markdown: `### Embedded broker, start and memory\n\n${markdownTable(header, rows)}\n\n` +
      `On disk with ${many} messages: ${formatMegabytes(disk)}.\n`,
    verdicts,
  };
}
