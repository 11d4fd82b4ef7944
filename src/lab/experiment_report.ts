import type { Chart } from "./picture/chart_layout.ts";
import type { Recording } from "./recording.ts";

/** What an experiment came to; everything in it was computed from what happened. */
export interface ExperimentReport {
  /** As on the command line, for example "fair-dispatch". */
  readonly name: string;
  readonly title: string;
  /** What the tutorial says, in our words. */
  readonly claim: string;
  /** Where it says so. */
  readonly source: { readonly title: string; readonly url: string };
  /** What was varied and how the numbers are to be read, one paragraph. */
  readonly question: string;
  readonly broker: string;
  readonly variants: readonly VariantReport[];
  readonly tables: readonly Table[];
  /** Curves of what the tables tell; none where there is a picture of what happened. */
  readonly charts?: readonly Chart[];
  readonly verdict: Verdict;
  /** One sentence with the numbers that the verdict rests on. */
  readonly because: string;
}

/** "as claimed" where the claim is not the tutorial's. */
export type Verdict = "as the tutorial says" | "as claimed" | "not so" | "not shown";

export interface VariantReport {
  /** For example "prefetch 1". */
  readonly name: string;
  /** The real commands, ready to paste. */
  readonly commands: readonly string[];
  /** One for each repetition; none where there is nothing to draw. */
  readonly recordings: readonly Recording[];
}

/** What the picture of an experiment shows: the first run of each variant. */
export function picturedRuns({ variants }: Pick<ExperimentReport, "variants">): Recording[] {
  return variants.flatMap(({ recordings }) => recordings.slice(0, 1));
}

/** Numbers in rows; the first column names the row. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How to read it; may be empty. */
  readonly note?: string;
}
