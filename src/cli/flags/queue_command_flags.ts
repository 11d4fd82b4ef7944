import { Command, Option } from "@commander-js/extra-typings";
import { parseCondition } from "../../queue/condition.ts";
import { type Column, COLUMNS } from "../../queue/queue_figures.ts";
import { argument } from "../values/argument.ts";
import { parsePositiveDuration } from "../values/duration.ts";
import { integerBetween } from "../values/integer.ts";
import { MANAGEMENT_VARIABLE } from "../values/management_urls.ts";
import { nonEmptyShortString } from "../values/short_string.ts";
import { connectionFlags } from "./connection_flags.ts";
import { flagGroup, withFlags } from "./flag_group.ts";
import { jsonFlags } from "./line_flags.ts";
import { queueShapeFlags } from "./queue_flags.ts";

export const QUEUE_EXAMPLES = `
Figures come from RabbitMQ's management API, else from its Prometheus metrics;
both are some seconds old. Of a queue that is named AMQP tells exactly how many
tasks are ready and how many consumers there are. What nothing tells is shown as
unknown, never as 0.

Examples:
  worktool queue ls --sort ready
  worktool queue ls --watch
  worktool queue ls --match .dead --assert 'ready == 0'
  worktool queue show images
  worktool queue show images --assert 'ready == 0 && unacked == 0'
  worktool queue show images --until 'consumers >= 2' --for 30s
  worktool queue peek images --count 3
  worktool queue move images.dead images`;

function figuresFlags() {
  return flagGroup("Figures").option(
    "--management-url <url>",
    `RabbitMQ's management API (default: ${MANAGEMENT_VARIABLE}, else port 15672 of the broker)`,
  );
}

function objectFlags() {
  return flagGroup("Output").option("--json", "print one JSON object a line, see docs/events.md");
}

function yesFlag(what: string) {
  return flagGroup("Safety").option("--yes", `${what} without being asked`);
}

function watchFlags() {
  return flagGroup("Figures").addOption(
    new Option("--watch [interval]", "show them again and again, 2s apart unless told")
      .argParser(argument(parsePositiveDuration)).preset("2s"),
  );
}

/** What shows queues: a condition tells of each what it looks at. */
const SHOWING = ["watch", "sort", "columns"];

function conditionFlags(holds: string) {
  return flagGroup("Condition")
    .addOption(
      new Option("--assert <condition>", `exit with 2 unless ${holds}, for example 'ready == 0'`)
        .argParser(argument(parseCondition)).conflicts(["until", ...SHOWING]),
    )
    .addOption(
      new Option("--until <condition>", `wait until ${holds}`)
        .argParser(argument(parseCondition)).conflicts(SHOWING),
    )
    .option(
      "--for <duration>",
      "how long to wait for --until (default: 60s)",
      argument(parsePositiveDuration),
    );
}

export function queueListFlags() {
  return withFlags(
    new Command("ls").description("List the queues of a virtual host"),
    flagGroup("List")
      .option("--match <text>", "only those whose name contains this text")
      .option(
        "--columns <names>",
        `which, separated by commas: ${COLUMNS.join(", ")}`,
        argument(parseColumns),
      )
      .addOption(
        new Option("--sort <column>", "by this column, largest first; by name unless told")
          .choices(COLUMNS),
      ),
    figuresFlags(),
    conditionFlags("it holds for each of them"),
    watchFlags(),
    objectFlags(),
    connectionFlags(),
  );
}

export function queueShowFlags() {
  return withFlags(
    new Command("show").argument("<queue>", "", argument(nonEmptyShortString)).description(
      "Show a queue: figures, arguments, bindings, consumers; or wait until it is as it should be",
    ),
    figuresFlags(),
    conditionFlags("it holds"),
    watchFlags(),
    objectFlags(),
    connectionFlags(),
  );
}

export function queueDeclareFlags() {
  return withFlags(
    new Command("declare").argument("<queue>", "", argument(nonEmptyShortString)).description(
      "Declare a queue",
    ),
    queueShapeFlags(),
    objectFlags(),
    connectionFlags(),
  );
}

export function queueDeleteFlags() {
  return withFlags(
    new Command("delete").argument("<queue>", "", argument(nonEmptyShortString)).description(
      "Delete a queue with all its tasks",
    ),
    yesFlag("delete a queue that has tasks"),
    objectFlags(),
    connectionFlags(),
  );
}

export function queuePurgeFlags() {
  return withFlags(
    new Command("purge").argument("<queue>", "", argument(nonEmptyShortString)).description(
      "Delete the tasks that are ready in a queue",
    ),
    yesFlag("purge a queue that has tasks"),
    objectFlags(),
    connectionFlags(),
  );
}

export function queuePeekFlags() {
  return withFlags(
    new Command("peek").argument("<queue>", "", argument(nonEmptyShortString)).description(
      "Show the next tasks and take none; the broker marks them as redelivered",
    ),
    flagGroup("Tasks").addOption(
      new Option("-c, --count <n>", "no more than this many")
        .argParser(argument(integerBetween(1, 1_000_000))).default(10),
    ),
    jsonFlags(),
    connectionFlags(),
  );
}

export function queueMoveFlags() {
  return withFlags(
    new Command("move").argument("<from>", "", argument(nonEmptyShortString)).argument(
      "<to>",
      "",
      argument(nonEmptyShortString),
    ).description(
      "Move the tasks of a queue to another: each is published, confirmed, then taken out",
    ),
    flagGroup("Tasks")
      .option(
        "-c, --count <n>",
        "no more than this many",
        argument(integerBetween(1, Number.MAX_SAFE_INTEGER)),
      )
      .addOption(
        new Option("--confirm-timeout <duration>", "how long to wait for each confirm")
          .argParser(argument(parsePositiveDuration)).default(30_000, "30s"),
      ),
    objectFlags(),
    connectionFlags(),
  );
}

/** @throws {RangeError} with a message that completes "argument … is invalid." */
function parseColumns(text: string): readonly Column[] {
  return text.split(",").map((name) => {
    const column = COLUMNS.find((column) => column === name.trim());
    if (column !== undefined) return column;
    throw new RangeError(`'${name}' is no column: ${COLUMNS.join(", ")}.`);
  });
}
