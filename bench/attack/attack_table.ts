import { markdownTable, type Section } from "../section.ts";
import type { Outcome } from "./attack.ts";

/** An attack that was tried, and what came of it. */
export interface Tried extends Outcome {
  readonly group: string;
  readonly name: string;
  readonly sentence: string;
}

/** What was measured earlier, by the attack's name. */
export type Before = ReadonlyMap<string, string>;

/** A group's part of the report; undefined when nothing of it was tried. */
export function groupSection(
  group: string,
  all: readonly Tried[],
  before: Before,
): Section | undefined {
  const tried = all.filter((one) => one.group === group);
  if (tried.length === 0) return undefined;
  const columns: [heading: string, cell: (one: Tried) => string][] = [
    ["attack", ({ name, sentence }) => `\`${name}\`: ${sentence}`],
    ["before", ({ name }) => before.get(name) ?? ""],
    ["measured", ({ measured }) => measured],
    ["RabbitMQ", ({ rabbitMq = "" }) => rabbitMq],
    ["ratio", ({ ratio }) => ratio === undefined ? "" : `${ratio.toPrecision(2)} ×`],
    ["goal", ({ goal }) => goal],
    ["", ({ met }) => met ? "met" : "**MISSED**"],
  ];
  const shown = columns.filter(([, cell]) => tried.some((one) => cell(one) !== ""));
  const rows = tried.map((one) => shown.map(([, cell]) => cell(one).replaceAll("|", "\\|")));
  const met = tried.filter((one) => one.met).length;
  return {
    markdown: `### Attacks: ${group}\n\n${
      markdownTable(shown.map(([heading]) => heading), rows)
    }\n`,
    verdicts: [{
      text: `Attacks, ${group}: ${met} of ${tried.length} withstood`,
      met: met === tried.length,
    }],
  };
}
