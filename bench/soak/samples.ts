import { formatMegabytes, formatRate, markdownTable } from "../section.ts";
import { spreadOf } from "../statistics.ts";
import type { Verdict } from "../target.ts";

/** The broker at one moment. */
export interface Sample {
  readonly elapsedMs: number;
  /** Arrived and acknowledged since the start. */
  readonly messages: number;
  /** Sent and not arrived. */
  readonly backlog: number;
  readonly residentBytes: number;
  /** The database, its log and the like. */
  readonly diskBytes: number;
  readonly descriptors: number;
}

/** Of the messages: what comes before is not compared. */
const WARM_UP_SHARE = 0.1;
/** The last quarter may have so many times what the first had. */
const GROWTH_ALLOWED = 1.2;
const ROWS = 10;

/** Some of the samples as a table, about one for every tenth of the messages. */
export function sampleTable(samples: readonly Sample[]): string {
  const step = samples.at(-1)!.messages / ROWS;
  const rows: string[][] = [];
  let before: Pick<Sample, "elapsedMs" | "messages"> = { elapsedMs: 0, messages: 0 };
  for (const sample of samples) {
    if (sample.messages < (rows.length + 1) * step && sample !== samples.at(-1)) continue;
    const { elapsedMs, messages, backlog, residentBytes, diskBytes, descriptors } = sample;
    rows.push([
      messages.toLocaleString("en"),
      `${(elapsedMs / 1_000).toFixed(0)} s`,
      formatRate((messages - before.messages) / (elapsedMs - before.elapsedMs) * 1_000),
      backlog.toLocaleString("en"),
      formatMegabytes(residentBytes),
      formatMegabytes(diskBytes),
      String(descriptors),
    ]);
    before = sample;
  }
  const header = ["messages", "after", "messages/s", "backlog", "resident", "files", "descriptors"];
  return markdownTable(header, rows);
}

/** Whether memory, files and descriptors stay what they are: first and last quarter compared. */
export function judgeFlatness(samples: readonly Sample[]): Verdict[] {
  const all = samples.at(-1)!.messages;
  const warm = samples.filter(({ messages }) => messages >= all * WARM_UP_SHARE);
  const quarter = Math.ceil(warm.length / 4);
  const [first, last] = [warm.slice(0, quarter), warm.slice(-quarter)] as const;
  const measures = [
    { what: "resident memory", key: "residentBytes", show: formatMegabytes },
    { what: "files", key: "diskBytes", show: formatMegabytes },
    { what: "descriptors", key: "descriptors", show: String },
  ] as const;
  return measures.map(({ what, key, show }) => {
    const [before, after] = [first, last].map((part) => {
      return spreadOf(part.map((sample) => sample[key])).median;
    }) as [number, number];
    return {
      text: `Soak, ${what}: the last quarter at most ${GROWTH_ALLOWED} × the first after warm-up ` +
        `(medians); measured ${show(before)}, then ${show(after)}`,
      met: after <= before * GROWTH_ALLOWED,
    };
  });
}
