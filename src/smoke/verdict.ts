import { quantileSorted } from "simple-statistics";
import { lossBound } from "../lab/numbers.ts";
import type { CheckResult } from "./check.ts";

/** One thing that was checked. */
export interface Verdict {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen, in words. */
  readonly said: string;
}

export interface VerdictOptions {
  readonly tasks: number;
  /** No task may take longer from its publish to its arrival. */
  readonly maxLatencyMs: number | undefined;
}

/** How many tasks are named. */
const MAX_NAMED = 10;

/**
 * What a check has shown, line by line. A duplicate and a recovered task are told and are no
 * failure: AMQP promises at least once.
 */
export function verdictsOf(
  result: CheckResult,
  { tasks, maxLatencyMs }: VerdictOptions,
): readonly Verdict[] {
  const { confirmed, refused, unexpected, duplicated, recovered, latenciesMs } = result;
  const arrived = latenciesMs.length;
  return [
    {
      name: "confirmed",
      ok: confirmed === tasks,
      said: `${of(confirmed, tasks)}${refused > 0 ? `, ${count(refused)} refused` : ""}` +
        rate(confirmed, result.sendingMs),
    },
    loss(result),
    { name: "unexpected", ok: unexpected.length === 0, said: withNames(unexpected) },
    order(result),
    {
      name: "duplicated",
      ok: true,
      said: withNames(duplicated),
    },
    ...recovered.length > 0
      ? [{
        name: "recovered",
        ok: true,
        said: `${withNames(recovered)} (outcome unknown, arrived)`,
      }]
      : [],
    latency(result, maxLatencyMs),
    {
      name: "consumed",
      ok: result.stopped || arrived >= confirmed,
      said: count(arrived) + rate(arrived, result.cycleMs),
    },
    ...result.disturbed.map(({ flag, command, exitStatus, sentMeanwhile }) => ({
      name: flag.replace(/^--/, ""),
      ok: exitStatus === 0,
      said: `${command}: exit status ${exitStatus}, ${count(sentMeanwhile)} sent meanwhile, ` +
        `connections lost: ${result.reconnects}`,
    })),
  ];
}

function loss({ stopped, confirmed, lost }: CheckResult): Verdict {
  const name = "lost";
  if (stopped) return { name, ok: true, said: "not judged: some were under way" };
  if (confirmed === 0) return { name, ok: true, said: "not judged: none was confirmed" };
  return {
    name,
    ok: lost.length === 0,
    said: lost.length > 0
      ? `${of(lost.length, confirmed)}: ${named(lost)}`
      : `${of(0, confirmed)}: below ${percent(lossBound(confirmed))} at 95 %`,
  };
}

function order({ overtaken, reconnects, latenciesMs }: CheckResult): Verdict {
  const name = "order";
  if (reconnects > 0) {
    return { name, ok: true, said: "not judged: what was sent again is out of it" };
  }
  return {
    name,
    ok: overtaken.length === 0,
    said: overtaken.length === 0
      ? "kept at each worker"
      : `${of(overtaken.length, latenciesMs.length)} came behind a later task: ${named(overtaken)}`,
  };
}

function latency({ latenciesMs }: CheckResult, maxMs: number | undefined): Verdict {
  const name = "latency";
  const longest = latenciesMs.at(-1);
  if (longest === undefined) return { name, ok: maxMs === undefined, said: "nothing arrived" };
  const at = (share: number) =>
    milliseconds(quantileSorted(latenciesMs as unknown as number[], share));
  const limit = maxMs === undefined ? "" : `, ${milliseconds(maxMs)} allowed`;
  return {
    name,
    ok: maxMs === undefined || longest <= maxMs,
    said: `p50 ${at(0.5)}, p99 ${at(0.99)}, max ${milliseconds(longest)}${limit}`,
  };
}

function withNames(all: readonly (number | string)[]): string {
  return all.length === 0 ? "0" : `${count(all.length)}: ${named(all)}`;
}

function named(all: readonly (number | string)[]): string {
  const first = all.slice(0, MAX_NAMED).join(", ");
  return all.length > MAX_NAMED ? `${first}, …` : first;
}

function of(some: number, all: number): string {
  return `${count(some)} of ${count(all)}`;
}

function count(n: number): string {
  return n.toLocaleString("en");
}

function rate(n: number, ms: number): string {
  if (n === 0 || !(ms > 0)) return "";
  return ` in ${(ms / 1_000).toFixed(2)} s: ${count(Math.round(n * 1_000 / ms))} a second`;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en")} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(2)} %`;
}
