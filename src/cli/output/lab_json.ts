import type { Experiment } from "../../lab/experiment.ts";
import type { ExperimentReport } from "../../lab/experiment_report.ts";
import { eventLine } from "./event_line.ts";

/** One line of NDJSON; the schema is documented in docs/events.md. */
export function experimentJson(report: ExperimentReport): string {
  const { name, broker, verdict, because, tables, variants } = report;
  return line("experiment", {
    ...{ name, broker, verdict, because },
    variants: variants.map(({ name, commands }) => ({ name, commands })),
    tables: tables.map(({ title, columns, rows }) => ({ title, columns, rows })),
  });
}

/** One line of NDJSON; the schema is documented in docs/events.md. */
export function listedJson({ name, title, claim }: Experiment): string {
  return line("listed", { name, title, claim });
}

/** One line of NDJSON; the schema is documented in docs/events.md. */
export function unableJson({ name, why }: { name: string; why: string }): string {
  return line("not-run", { name, reason: why });
}

function line(event: string, fields: object): string {
  return `${eventLine(event, fields)}\n`;
}
