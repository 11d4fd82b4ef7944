import { Option } from "@commander-js/extra-typings";
import { argument } from "../values/argument.ts";
import { parseLimit } from "../values/integer.ts";
import { UsageError } from "../failure/usage_error.ts";

export const jsonFlag = new Option("--json", "print one JSON object a line, see docs/events.md");
export const bodyLimitFlag = new Option(
  "--body-limit <bytes>",
  "with --json: cut longer bodies there, and tell their size (default: none)",
).argParser(argument(parseLimit));
export const verboseFlag = new Option("-v, --verbose", "show each task's message id")
  .conflicts("json");
export const timestampsFlag = new Option("--timestamps", "begin each line with the time, in UTC")
  .conflicts("json");

export interface JsonFlags {
  readonly json?: boolean | true | undefined;
  readonly bodyLimit?: number | undefined;
}

/** Where to cut bodies in JSON. @throws {UsageError} */
export function bodyLimitBytes({ json, bodyLimit }: JsonFlags): number {
  if (bodyLimit !== undefined && !json) throw new UsageError("--body-limit goes with --json");
  return bodyLimit ?? Infinity;
}
