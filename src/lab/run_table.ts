import { extent } from "d3-array";
import { median } from "simple-statistics";
import type { Observed } from "./experiment.ts";
import type { Table } from "./experiment_report.ts";
import { expectedCount, numbersOf, type RunNumbers } from "./numbers.ts";

/** What the runs of each variant came to, a row each. */
export function runTable(observed: readonly Observed[]): Table {
  const rows = observed.map(({ name, recordings }) => {
    const runs = recordings.map(numbersOf);
    const [first] = runs as [RunNumbers];
    const of = (number: (run: RunNumbers) => number) => runs.map(number);
    return [
      name,
      spread(of(({ makespanMs }) => makespanMs)),
      ratio(median(of(({ makespanMs, optimumMs }) => makespanMs / Math.max(1, optimumMs)))),
      first.shares.map(({ done }) => done).join("/"),
      median(of(({ jain }) => jain)).toFixed(2),
      ["p50", "p99", "max"].map((key) =>
        seconds(median(of(({ waitingMs }) => waitingMs[key as keyof RunNumbers["waitingMs"]])))
      ).join("/"),
      percent(median(of(({ idle }) => idle))),
      `${Math.max(...of(({ peakUnacked }) => peakUnacked))}`,
    ];
  });
  return {
    title: "Time and shares",
    columns: [
      "variant",
      "all done after (s)",
      "to the optimum",
      "tasks by worker",
      "evenness",
      "waiting p50/p99/max (s)",
      "idle",
      "peak unacked",
    ],
    rows,
    note:
      "The optimum shares all work evenly and splits no task. Evenness is Jain's index of the " +
      "workers' working time: 1 is even.",
  };
}

/** What became of the tasks of each variant, by their numbers. */
export function outcomeTable(observed: readonly Observed[]): Table {
  const rows = observed.map(({ name, recordings }) => {
    const runs = recordings.map(numbersOf);
    const list = (of: (run: RunNumbers) => readonly number[]) =>
      once(runs.map((run) => taskList(of(run))));
    return [
      name,
      once(runs.map(({ done }, at) => `${done} of ${expectedCount(recordings[at]!)}`)),
      list(({ lost }) => lost),
      list(({ recovered }) => recovered),
      list(({ duplicated }) => duplicated),
      list(({ unexpected }) => unexpected),
    ];
  });
  return {
    title: "What became of the tasks",
    columns: ["variant", "done", "lost", "done by another worker", "done twice", "unexpected"],
    rows,
  };
}

/** What all runs have in common, else each. */
function once(texts: readonly string[]): string {
  return [...new Set(texts)].join("; ");
}

/** "1, 3", or "none". */
export function taskList(tasks: readonly number[]): string {
  return tasks.length === 0 ? "none" : tasks.join(", ");
}

/** The median, and where there are several, the range. */
export function spread(values: readonly number[]): string {
  const middle = seconds(median([...values]));
  if (values.length < 2) return middle;
  const [least, most] = extent(values) as [number, number];
  return `${middle} [${seconds(least)}–${seconds(most)}]`;
}

/** As a number of seconds with two digits behind the point: 1234 ms are "1.23". */
export function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

/** As a flag takes it: "1s", "0.4s". */
export function inSeconds(ms: number): string {
  return `${ms / 1_000}s`;
}

function ratio(value: number): string {
  return `${value.toFixed(2)} ×`;
}

/** A share of 1 as whole percent: 0.254 is "25 %". */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
