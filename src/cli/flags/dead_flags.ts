import { Command, Option } from "@commander-js/extra-typings";
import { deadLetterQueueName, overlongName } from "../../retry/queue_names.ts";
import type { DeadOptions } from "../../dead_letters/dead_letters.ts";
import { argument } from "../values/argument.ts";
import { connectionFlags } from "./connection_flags.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";
import { defined } from "../defined.ts";
import { integerBetween } from "../values/integer.ts";
import { jsonFlags } from "./line_flags.ts";
import { queueFlag } from "./queue_flags.ts";
import { nonEmptyShortString, nonEmptyString } from "../values/short_string.ts";
import { UsageError } from "../failure/usage_error.ts";

/** In the order of the help. */
export const DEAD_ACTIONS = ["ls", "show", "replay", "purge"] as const;

export type DeadAction = typeof DEAD_ACTIONS[number];

/** Whether every dead letter stays where it is. */
export function onlyShows(action: DeadAction): action is "ls" | "show" {
  return action === "ls" || action === "show";
}

/** A dead letter is confirmed as fast as a task; this is for a broker that has much to do. */
const CONFIRM_TIMEOUT_MS = 30_000;

/** How many are looked at unless told otherwise. */
const DEFAULT_COUNTS: Readonly<Record<DeadAction, number | undefined>> = {
  ls: 100,
  show: 1,
  replay: undefined,
  purge: undefined,
};

const DESCRIPTIONS: Readonly<Record<DeadAction, string>> = {
  ls: "List dead letters: when, after how many attempts, why, and the start of the body",
  show: "Show a dead letter: body, properties, headers, what the command wrote to stderr",
  replay: "Put dead letters back into the queue that they came from, to be tried anew",
  purge: "Delete dead letters for good",
};

export const DEAD_EXAMPLES = `
Dead letters are tasks that a worker gave up. They are in the queue whose name
is the work queue's with .dead, unless --dead-letter names another. Messages
that the broker itself has dead-lettered there are understood too.

ls and show take nothing out. While they look, nobody else gets those messages,
and the broker marks them as redelivered. A quorum queue counts each look: since
RabbitMQ 4.0 it drops a message after 20, unless its x-delivery-limit is higher,
as in the dead-letter queues that worktool declares.

Examples:
  worktool dead ls --queue images
  worktool dead show --queue images --id 6ae3f036-1226-47d8-bca7-a9befdc7c988
  worktool dead replay --queue images --match cat.png
  worktool dead replay --queue images --to images.again
  worktool dead purge --queue images --all`;

/** Which dead letters. */
function selectionFlags(action: DeadAction) {
  const count = DEFAULT_COUNTS[action];
  return flagGroup("Dead letters")
    .addOption(queueFlag)
    .option(
      "--dead-letter <name>",
      "the dead-letter queue (default: the queue's name with .dead)",
      argument(nonEmptyShortString),
    )
    .option(
      "-c, --count <n>",
      `no more than this many, oldest first (default: ${count ?? "all"})`,
      argument(integerBetween(1, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option("--to <queue>", "put them into this queue, whichever they came from")
        .argParser(argument(nonEmptyShortString)).hideHelp(action !== "replay"),
    )
    .option("--match <text>", "only those whose body contains this text", argument(nonEmptyString))
    .option("--id <id>", "only those with this message id", argument(nonEmptyShortString))
    .addOption(
      new Option("--all", "delete all dead letters, or the first N of them with --count N")
        .conflicts(["id", "match"]).hideHelp(action !== "purge"),
    );
}

/** The flags of one of `worktool dead`'s commands. */
export function deadFlags(action: DeadAction) {
  return withFlags(
    new Command(action).description(DESCRIPTIONS[action]),
    selectionFlags(action),
    jsonFlags(),
    connectionFlags(),
  );
}

export type DeadFlags = FlagsOf<typeof deadFlags>;

/** All options but the connection. @throws {UsageError} */
export function deadOptions(
  action: DeadAction,
  flags: DeadFlags,
): Omit<DeadOptions, "connection"> {
  const { queue, to, match, id, all } = flags;
  const deadLetterQueue = flags.deadLetter ?? deadLetterQueueName(queue);
  if (overlongName([deadLetterQueue])) {
    throw new UsageError(
      "--queue is too long for the name of its dead-letter queue: --dead-letter",
    );
  }
  if (deadLetterQueue === queue) {
    throw new UsageError("--queue is the work queue, and --dead-letter must be another one");
  }
  if (to !== undefined && action !== "replay") {
    throw new UsageError(`--to goes with replay, not with ${action}`);
  }
  if (to === deadLetterQueue) {
    throw new UsageError("--to is the dead-letter queue: what is put there would only come back");
  }
  const selective = match !== undefined || id !== undefined;
  if (all && action !== "purge") throw new UsageError(`--all goes with purge, not with ${action}`);
  if (flags.bodyLimit !== undefined && !onlyShows(action)) {
    throw new UsageError(`--body-limit goes with ls and show: ${action} prints no body`);
  }
  if (action === "purge" && !selective && !all) {
    throw new UsageError("say what to purge: --id, --match, or --all");
  }
  return {
    queue,
    deadLetterQueue,
    ...defined({ to }),
    action: onlyShows(action) ? "look" : action,
    selection: defined({ messageId: id, match, count: flags.count ?? DEFAULT_COUNTS[action] }),
    confirmTimeoutMs: CONFIRM_TIMEOUT_MS,
  };
}
