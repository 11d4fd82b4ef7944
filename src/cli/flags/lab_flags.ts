import { Command, Option } from "@commander-js/extra-typings";
import { DEFAULT_RELEASE, RELEASE_NAMES } from "../../broker/release.ts";
import { EXPERIMENTS } from "../../lab/experiments/experiments.ts";
import { argument, repeated } from "../values/argument.ts";
import { parsePositiveDuration } from "../values/duration.ts";
import { integerBetween } from "../values/integer.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";

const EXAMPLES = `
Each experiment is a claim of the tutorial. The lab runs it with worktool's own
commands, draws who did what and when, and says whether it is so. Without --url
it does so on an embedded broker of its own. Its queues are its own, and go.

Experiments:
${EXPERIMENTS.map(({ name, title }) => `  ${name.padEnd(17)} ${title}`).join("\n")}

Examples:
  worktool lab                                    list the experiments
  worktool lab fair-dispatch                      run one
  worktool lab all --html lab.html                run all, and make a page of it
  worktool lab fair-dispatch --record fair.ndjson
  worktool lab draw fair.ndjson                   draw it again`;

function runFlags() {
  return flagGroup("Experiment")
    .addOption(
      new Option("--dot <duration>", "how long the work for one dot takes")
        .argParser(argument(parsePositiveDuration)).default(200, "200ms"),
    )
    .option(
      "--tasks <n>",
      "how many tasks, where the tutorial has no list",
      argument(integerBetween(2, 500)),
    )
    .option(
      "--repeat <n>",
      "run each variant so often, in turn",
      argument(integerBetween(1, 100)),
      1,
    );
}

function brokerFlags() {
  return flagGroup("Broker")
    .addOption(
      new Option(
        "-u, --url <url>",
        "run it on this broker (default: one of the lab's own); twice for releases, which compares two",
      ).argParser(repeated(String)),
    )
    .option("--restart-command <command>", "how to restart the broker at --url, for the shell")
    .addOption(
      new Option("--like <release>", "the RabbitMQ that the lab's own broker behaves as")
        .choices(RELEASE_NAMES).default(DEFAULT_RELEASE).conflicts("url"),
    );
}

function outputFlags() {
  return flagGroup("Output")
    .option("--html <file>", "write a page with pictures, tables and a replay")
    .option("--svg <file>", "write the picture of one experiment")
    .option("--record <file>", "write what happened, for worktool lab draw")
    .option("--json", "print one JSON object a line, see docs/events.md");
}

/** The flags of `worktool lab`. */
export function labFlags() {
  return withFlags(
    new Command("lab")
      .description("See each step of the tutorial: run it, draw it, compare the numbers")
      .argument("[experiments...]", "their names, or all; draw FILE for a recording")
      .addHelpText("after", EXAMPLES),
    runFlags(),
    brokerFlags(),
    outputFlags(),
  );
}

export type LabFlags = FlagsOf<typeof labFlags>;
