import { Command, Option } from "@commander-js/extra-typings";
import { argument, repeated } from "../values/argument.ts";
import { parsePositiveDuration } from "../values/duration.ts";
import { parseHeader } from "../values/header.ts";
import { integerBetween } from "../values/integer.ts";
import { connectionFlags } from "./connection_flags.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";
import { jsonFlags } from "./line_flags.ts";
import { queueFlag } from "./queue_flags.ts";

const EXAMPLES = `
Takes the tasks that match out of the queue when all of them have come, and puts
everything else back in its place. Where too few come in time, it takes none.
While it waits, nobody else gets the tasks of the queue, and the broker marks
those that go back as redelivered (a quorum queue counts it).

Examples:
  worktool expect --queue out --count 3
  worktool expect --queue out --match '^order [0-9]+$' --within 30s
  worktool expect --queue out --header type=invoice --keep

Exit codes: 0 they came, 2 they did not, 69 no broker, 77 not let in.`;

/** Up to which many the tasks are held in memory. */
const MAX_COUNT = 1_000_000;

function expectationFlags() {
  return flagGroup("Expectation")
    .addOption(queueFlag)
    .addOption(
      new Option("-c, --count <n>", "so many tasks")
        .argParser(argument(integerBetween(1, MAX_COUNT))).default(1),
    )
    .option("--match <regexp>", "only those whose body matches", argument(parseRegExp))
    .addOption(
      new Option("--header <key=value>", "only those with this header, repeatable")
        .argParser(repeated(parseHeader)),
    )
    .addOption(
      new Option("--within <duration>", "how long to wait, for the queue too")
        .argParser(argument(parsePositiveDuration)).default(10_000, "10s"),
    )
    .option("--keep", "leave all tasks in the queue");
}

/** The flags of `worktool expect`. */
export function expectFlags() {
  return withFlags(
    new Command("expect")
      .description("Wait until tasks that match have arrived in a queue")
      .addHelpText("after", EXAMPLES),
    expectationFlags(),
    jsonFlags(),
    connectionFlags(),
  );
}

export type ExpectFlags = FlagsOf<typeof expectFlags>;

/** @throws {RangeError} with a message that completes "argument … is invalid." */
function parseRegExp(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw new RangeError(`${(error as Error).message}.`);
  }
}
