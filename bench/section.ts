import { commandLine } from "./command.ts";
import type { Result } from "./contest.ts";
import { judge, rateOf, type Target, type Verdict } from "./target.ts";

/** One benchmark's part of the report. */
export interface Section {
  readonly markdown: string;
  readonly verdicts: readonly Verdict[];
}

/** @param what the benchmark in a few words */
export function contestSection(
  what: string,
  results: readonly Result[],
  targets: readonly Target[],
): Section {
  const own = rateOf("worktool", results)!;
  const rows = results.map(({ contestant, runs, elapsedMs, tasksPerSecond }) => [
    contestant.name,
    contestant.tasks.toLocaleString("en"),
    String(runs),
    formatMs(elapsedMs.median),
    `${formatMs(elapsedMs.min)} … ${formatMs(elapsedMs.max)}`,
    formatRate(tasksPerSecond),
    contestant.name === "worktool" ? "" : `${(own / tasksPerSecond).toFixed(2)} ×`,
  ]);
  const header = ["", "tasks", "runs", "median", "min … max", "tasks/s", "worktool's rate"];
  const commands = results.map(({ contestant }) => `    ${commandLine(contestant.command)}`);
  return {
    markdown: `### ${what}\n\n${markdownTable(header, rows)}\n\n${commands.join("\n")}\n`,
    verdicts: targets.flatMap((target) => judge(what, target, results) ?? []),
  };
}

/** The first column is text, the others are numbers. */
export function markdownTable(header: readonly string[], rows: readonly string[][]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(3, ...all.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) => {
      return column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
    });
    return `| ${padded.join(" | ")} |`;
  };
  const rule = widths.map((width, column) => {
    return column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`;
  });
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}

/** Milliseconds, or seconds from one on. */
export function formatMs(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** Of something a second. */
export function formatRate(perSecond: number): string {
  return perSecond < 1_000 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString("en");
}

/** Millions of octets. */
export function formatMegabytes(octets: number): string {
  return `${(octets / 1e6).toFixed(1)} MB`;
}
