import type { Section } from "./section.ts";

export interface Report {
  /** ISO 8601, when it began. */
  readonly date: string;
  readonly machine: string;
  readonly versions: readonly string[];
  readonly remarks: readonly string[];
  readonly sections: readonly Section[];
}

/** The whole report as Markdown: verdicts first, then the tables. */
export function formatReport({ date, machine, versions, remarks, sections }: Report): string {
  const verdicts = sections.flatMap((section) => section.verdicts);
  return [
    `Measured ${date} on ${machine}.`,
    `${versions.join(" · ")}.`,
    "",
    ...remarks.map((remark) => `- ${remark}`),
    "",
    ...verdicts.map(({ text, met }) => `- **${met ? "met" : "MISSED"}** ${text}`),
    "",
    ...sections.map(({ markdown }) => markdown),
  ].join("\n");
}
