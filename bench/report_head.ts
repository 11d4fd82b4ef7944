import deno from "../deno.json" with { type: "json" };
import { describeMachine, loadAverage, noise } from "./machine.ts";
import type { Report } from "./report.ts";
import { revision } from "./revision.ts";

/** When a run began, and how busy the machine was. */
export interface Beginning {
  /** ISO 8601. */
  readonly date: string;
  readonly load: number;
}

/** What a report says of its own run. */
export interface HeadOptions {
  /** What is small, for trying it out; numbers to compare unless told. */
  readonly quick?: string | undefined;
  /** Of what was measured beside worktool. */
  readonly versions?: readonly string[];
  readonly remarks?: readonly string[];
}

/** To be called before the first measurement, whose load is its own. */
export function beginning(): Beginning {
  return { date: new Date().toISOString(), load: loadAverage() };
}

/** What stands above the results, to be called after the last measurement. */
export async function reportHead(
  { date, load }: Beginning,
  { quick, versions = [], remarks = [] }: HeadOptions = {},
): Promise<Omit<Report, "sections">> {
  const [before, after] = [load.toFixed(2), loadAverage().toFixed(2)];
  return {
    date,
    machine: describeMachine(),
    versions: [
      `worktool ${deno.version} (${await revision() ?? "no commit"})`,
      ...versions,
      `deno ${Deno.version.deno}`,
    ],
    remarks: [
      ...(quick === undefined ? [] : [`QUICK: ${quick}, not for comparing`]),
      ...[noise(load)].filter((remark) => remark !== undefined),
      ...remarks,
      `Load average before ${before}, after ${after} (its own included)`,
    ],
  };
}
