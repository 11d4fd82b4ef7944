import { type Column, COLUMNS, type QueueFigures } from "../../queue/queue_figures.ts";
import type { QueueDetails } from "../../queue/management_api.ts";
import { alignedLines } from "./aligned.ts";
import { formatDuration } from "../values/duration.ts";
import { printableText } from "./body.ts";

/** Where nothing tells. */
const UNKNOWN = "unknown";

export const HEADINGS: Readonly<Record<Column, string>> = {
  name: "QUEUE",
  ready: "READY",
  unacked: "UNACKED",
  consumers: "CONSUMERS",
  in: "IN/S",
  out: "OUT/S",
  type: "TYPE",
  durable: "DURABLE",
  policy: "POLICY",
};

export const NUMBERS: readonly Column[] = ["ready", "unacked", "consumers", "in", "out"];

/** A queue's figure as text. */
export function figureText(figures: QueueFigures, column: Column): string {
  const value = figures[column];
  switch (typeof value) {
    case "undefined":
      return UNKNOWN;
    case "number":
      return column === "in" || column === "out" ? value.toFixed(1) : value.toLocaleString("en");
    case "boolean":
      return value ? "yes" : "no";
    default:
      return value === "" ? "-" : printableText(value);
  }
}

/** A table for a person. */
export function queueTable(
  queues: readonly QueueFigures[],
  columns: readonly Column[] = COLUMNS,
): string {
  const rows = queues.map((queue) => columns.map((column) => figureText(queue, column)));
  const all = [columns.map((column) => HEADINGS[column]), ...rows];
  return alignedLines(all, (n) => NUMBERS.includes(columns[n]!))
    .map((line) => line.trimEnd()).join("\n");
}

/** Separated by tabs, for a pipe: the values as they are, without headings. */
export function queueLines(
  queues: readonly QueueFigures[],
  columns: readonly Column[] = COLUMNS,
): string {
  return queues.map((queue) =>
    columns.map((column) => {
      const value = queue[column];
      return value === undefined ? UNKNOWN : printableText(String(value));
    }).join("\t")
  ).join("\n");
}

/** `null` where nothing tells. */
export function queueJson(
  figures: QueueFigures,
  columns: readonly Column[] = COLUMNS,
): Record<string, unknown> {
  return Object.fromEntries(columns.map((column) => [column, figures[column] ?? null]));
}

/** All that is known of one queue, a line each. */
export function queueDetailsText(
  { figures, arguments: args, consumers, bindings, nextMadeAt }:
    & Partial<QueueDetails>
    & Pick<QueueDetails, "figures">,
  nowMs: number,
): string {
  const age = (ms: number) => formatDuration(Math.max(0, nowMs - ms));
  const rows: [string, string][] = COLUMNS.map((column) => [column, figureText(figures, column)]);
  if (nextMadeAt !== undefined) rows.push(["next task", `made ${age(nextMadeAt)} ago`]);
  for (const [name, value] of Object.entries(args ?? {})) {
    rows.push(["argument", printableText(`${name}=${JSON.stringify(value)}`)]);
  }
  for (const { exchange, routingKey } of bindings ?? []) {
    const from = exchange === "" ? "the default exchange" : `exchange '${exchange}'`;
    rows.push(["bound", printableText(`to ${from} by '${routingKey}'`)]);
  }
  for (const consumer of consumers ?? []) {
    const { tag, connection, prefetchCount, ackRequired, held, heldSince } = consumer;
    const prefetch = ackRequired ? `prefetch ${prefetchCount}` : "no acknowledgements";
    const holds = heldSince === undefined
      ? ""
      : `, holds ${held}, the oldest for ${age(heldSince)}`;
    rows.push(["consumer", printableText(`${tag}, ${prefetch}${holds}, ${connection}`)]);
  }
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join("\n");
}
