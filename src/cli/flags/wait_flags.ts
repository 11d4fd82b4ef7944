import { Command, Option } from "@commander-js/extra-typings";
import { argument } from "../values/argument.ts";
import { parsePositiveDuration } from "../values/duration.ts";
import { integerBetween } from "../values/integer.ts";
import { nonEmptyShortString } from "../values/short_string.ts";
import { UsageError } from "../failure/usage_error.ts";
import { connectionFlags } from "./connection_flags.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";

const EXAMPLES = `
The broker is ready when it has answered, has taken the login, and has let the
user into the virtual host: an open port alone says nothing. What no waiting
heals, a wrong password for example, ends the wait at once.

What follows -- is run as soon as all is ready, with the same environment; its
exit status becomes that of worktool.

Examples:
  worktool wait                                  until the broker is there
  worktool wait --for 2m -- ./run-tests.sh       then run the tests
  worktool wait --queue images --consumers 1     until a worker has started
  worktool wait --once                           health check of a container

Exit codes: 0 ready, 2 no such queue or too few consumers, 69 no broker, 77 not
let in; or the status of the command.`;

function readinessFlags() {
  return flagGroup("Wait")
    .addOption(
      new Option("--for <duration>", "how long to wait at most")
        .argParser(argument(parsePositiveDuration)).default(60_000, "60s"),
    )
    .addOption(new Option("--once", "look once, and do not wait").conflicts("for"))
    .option("-q, --queue <name>", "wait for this queue too", argument(nonEmptyShortString))
    .option(
      "--consumers <n>",
      "wait until the queue has at least this many consumers",
      argument(integerBetween(1, 1_000_000)),
    );
}

/** The flags of `worktool wait`. */
export function waitFlags() {
  return withFlags(
    new Command("wait")
      .description("Wait until the broker, a queue and its consumers are there")
      .usage("[options] [-- command …]")
      .addHelpText("after", EXAMPLES),
    readinessFlags(),
    flagGroup("Output").option("--json", "print one JSON object a line, see docs/events.md"),
    connectionFlags(),
  );
}

export type WaitFlags = FlagsOf<typeof waitFlags>;

/** What to wait for, and for how long. @throws {UsageError} */
export function waitOptions({ for: forMs, once, queue, consumers }: WaitFlags) {
  if (consumers !== undefined && queue === undefined) {
    throw new UsageError("--consumers are those of a queue: --queue NAME");
  }
  return { queue, consumers: consumers ?? 0, forMs: once ? 0 : forMs };
}
