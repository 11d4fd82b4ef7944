import type { ExperimentReport } from "./experiment_report.ts";
import type { Recording } from "./recording.ts";
import type { Stage } from "./stage/stage.ts";

/** How an experiment is to be run. */
export interface ExperimentOptions {
  /** How long a dot takes, in ms. */
  readonly dotMs: number;
  /** How many tasks, where the experiment has no list of its own. */
  readonly tasks: number | undefined;
  /** Whether the lab starts the brokers, and chooses how they behave. */
  readonly ownBroker: boolean;
  /** How many brokers were given. */
  readonly givenBrokers: number;
  readonly canRestart: boolean;
}

/** A number or a word that a run found out beside its recording. */
export type Facts = Readonly<Record<string, number | string>>;

/** One way of doing it: the same scene with one thing changed. */
export interface Variant {
  readonly name: string;
  /** Flags of `worktool broker`, where the lab starts it. */
  readonly brokerFlags?: readonly string[];
  /** Which of the given brokers it runs on, where there are several; the first unless told. */
  readonly givenBroker?: number;
  run(stage: Stage): Promise<Facts>;
}

/** A variant and what its runs came to, one for each repetition. */
export interface Observed {
  readonly name: string;
  readonly recordings: readonly Recording[];
  readonly facts: readonly Facts[];
}

/** What the runs of an experiment say of its claim. */
export type Conclusion = Pick<ExperimentReport, "verdict" | "because" | "tables" | "charts">;

/** A claim of the tutorial, and how to see whether it is so. */
export interface Experiment
  extends Pick<ExperimentReport, "name" | "title" | "claim" | "source" | "question"> {
  /** Whether there is something to draw. */
  readonly hasPicture: boolean;
  /** Whether the number of tasks can be chosen. */
  readonly takesTasks?: boolean;
  /** Whether it compares two brokers where two are given. */
  readonly comparesBrokers?: boolean;
  /** Why it cannot be run so; undefined where it can. */
  unable?(options: ExperimentOptions): string | undefined;
  variants(options: ExperimentOptions): readonly Variant[];
  conclude(observed: readonly Observed[], options: ExperimentOptions): Conclusion;
}
