import { Option } from "@commander-js/extra-typings";
import { argument } from "../values/argument.ts";
import { flagGroup, type FlagsOf } from "./flag_group.ts";
import { parseLimit } from "../values/integer.ts";
import { UsageError } from "../failure/usage_error.ts";

/** How a run is printed. */
export function jsonFlags() {
  return flagGroup("Output")
    .option("--json", "print one JSON object a line, see docs/events.md")
    .option(
      "--body-limit <bytes>",
      "with --json: cut longer bodies there, and tell their size (default: none)",
      argument(parseLimit),
    );
}

/** The same where each task has lines. */
export function lineFlags() {
  return flagGroup("Output")
    .addOption(new Option("-v, --verbose", "show each task's message id").conflicts("json"))
    .addOption(
      new Option("--timestamps", "begin each line with the time, in UTC").conflicts("json"),
    );
}

/** Where to cut bodies in JSON. @throws {UsageError} */
export function bodyLimitBytes({ json, bodyLimit }: FlagsOf<typeof jsonFlags>): number {
  if (bodyLimit !== undefined && !json) throw new UsageError("--body-limit goes with --json");
  return bodyLimit ?? Infinity;
}
