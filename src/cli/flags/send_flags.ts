import { accessSync, constants, statSync } from "node:fs";
import { Command, Option } from "@commander-js/extra-typings";
import type { SendOptions } from "../../send/send.ts";
import type { TaskSource } from "../../send/task_source.ts";
import { argument, repeated } from "../values/argument.ts";
import { connectionFlags } from "./connection_flags.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";
import { defined } from "../defined.ts";
import { parseDuration, parsePositiveDuration } from "../values/duration.ts";
import { fileProblem } from "../failure/system_problem.ts";
import { parseHeader } from "../values/header.ts";
import { integerBetween } from "../values/integer.ts";
import { jsonFlags, lineFlags } from "./line_flags.ts";
import { queueFlags, queueRequest } from "./queue_flags.ts";
import { parseRate } from "../values/rate.ts";
import { reconnectionFlags, reconnectionOptions } from "./reconnection_flags.ts";
import { nonEmptyShortString, shortString } from "../values/short_string.ts";
import { UsageError } from "../failure/usage_error.ts";

const EXAMPLES = `
Examples:
  worktool send "Second message.."
  worktool send --count 10 "Task {n}."
  worktool send --lines < tasks.txt
  worktool send --queue images --header 'user: 7' --file cat.png --file dog.png

Without words on a terminal it sends 'Hello World!'. Words that begin with a
dash go after --. With --lines it prints the summary only; --echo prints a line
for each task, --no-echo for none.`;

/** Where tasks come from: of the flags one, or words. */
function sourceFlags() {
  return flagGroup("Tasks")
    .addOption(
      new Option("--stdin", "the whole of standard input is one task")
        .conflicts(["lines", "file", "count"]),
    )
    .addOption(
      new Option("--lines", "each line of standard input is a task").conflicts(["file", "count"]),
    )
    .option("-0, --null", "with --lines: each task ends with NUL instead of a newline")
    .option(
      "--from-line <n>",
      "with --lines: begin with line n, where an earlier send ended",
      argument(integerBetween(1, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option("-f, --file <path>", "the file is one task, repeatable")
        .argParser(repeated(String)).conflicts("count"),
    )
    .option(
      "-c, --count <n>",
      "send the words n times; {n} in them becomes 1, 2, 3 …",
      argument(integerBetween(1, Number.MAX_SAFE_INTEGER)),
    )
    .option("--rate <n>", "at most this many tasks a second", argument(parseRate));
}

/** What every message has, besides its body. */
function messageFlags() {
  return flagGroup("Message")
    .addOption(
      new Option("--persistent", "in a durable queue the task survives a restart of the broker")
        .default(true),
    )
    .addOption(
      new Option("--transient", "the task is lost when the broker restarts")
        .implies({ persistent: false }),
    )
    .option("--ttl <duration>", "how long the task may wait in the queue", argument(parseDuration))
    .option("--priority <n>", "message priority, 0 to 255", argument(integerBetween(0, 255)))
    .addOption(
      new Option("-H, --header <header>", "'key: value' or key=value, repeatable")
        .argParser(repeated(parseHeader)),
    )
    .option("--content-type <type>", "for example application/json", argument(shortString))
    .option(
      "--message-id <id>",
      "{n} in it is replaced by the task's number or line (default: a unique one)",
      argument(nonEmptyShortString),
    );
}

/** What the broker has to say before a task counts as sent. */
function publishFlags() {
  return flagGroup("Guarantees")
    .addOption(new Option("--confirm", "wait for publisher confirms").default(true))
    .option("--no-confirm", "do not wait: tasks may be lost unnoticed")
    .option(
      "--window <n>",
      "at most this many tasks that wait for their confirms",
      argument(integerBetween(1, 65_535)),
      5_000,
    )
    .addOption(
      new Option("--confirm-timeout <duration>", "how long to wait for each confirm")
        .argParser(argument(parsePositiveDuration)).default(30_000, "30s"),
    )
    .addOption(new Option("--mandatory", "report tasks that no queue takes").default(true))
    .option("--no-mandatory", "let the broker drop tasks that no queue takes");
}

function echoFlags() {
  return flagGroup("Output")
    .option("--echo", "print a line for each task")
    .option("--no-echo", "print no line for each task");
}

/** The flags of `worktool send`. */
export function sendFlags() {
  return withFlags(
    new Command("send")
      .description("Send tasks to a queue, and wait until the broker has confirmed them")
      .argument("[words...]", "one task: the words, joined with spaces")
      .addHelpText("after", EXAMPLES),
    sourceFlags(),
    queueFlags(),
    messageFlags(),
    publishFlags(),
    echoFlags(),
    jsonFlags(),
    lineFlags(),
    connectionFlags(),
    reconnectionFlags({ defaultMs: 30_000, described: "30s" }),
  );
}

export type SendFlags = FlagsOf<typeof sendFlags>;

/** All options of a send but its connection. @throws {UsageError} */
export function sendOptions(
  words: readonly string[],
  flags: SendFlags,
  { inputIsTerminal }: { readonly inputIsTerminal: () => boolean },
): Omit<SendOptions, "connection"> {
  return {
    queue: queueRequest(flags),
    source: taskSource(words, flags, inputIsTerminal),
    reconnection: reconnectionOptions(flags),
    publish: {
      properties: {
        persistent: flags.persistent,
        headers: Object.fromEntries(flags.header ?? []),
        ...defined({ ttlMs: flags.ttl, priority: flags.priority, contentType: flags.contentType }),
      },
      mandatory: flags.mandatory,
      confirm: flags.confirm,
      window: flags.window,
      confirmTimeoutMs: flags.confirmTimeout,
    },
    tasks: defined({ messageId: flags.messageId, rate: flags.rate }),
  };
}

function taskSource(
  words: readonly string[],
  flags: SendFlags,
  inputIsTerminal: () => boolean,
): TaskSource {
  const { stdin, lines, file = [], count } = flags;
  const flag = stdin ? "--stdin" : lines ? "--lines" : file.length > 0 ? "--file" : undefined;
  if (words.length > 0 && flag !== undefined) {
    throw new UsageError(`the task comes from one place only, not from words and ${flag}`);
  }
  if (flags.null && !lines) throw new UsageError("-0 goes with --lines");
  if (flags.fromLine !== undefined && !lines) throw new UsageError("--from-line goes with --lines");
  if (stdin) return { kind: "input" };
  if (lines) {
    return { kind: "lines", separator: flags.null ? "\0" : "\n", fromLine: flags.fromLine ?? 1 };
  }
  if (file.length > 0) {
    for (const path of file) mustBeReadable(path);
    return { kind: "files", paths: file };
  }
  if (words.length === 0 && !inputIsTerminal()) {
    throw new UsageError("nothing to send: give words, --stdin, --lines or --file");
  }
  const text = words.length > 0 ? words.join(" ") : "Hello World!";
  return { kind: "text", text, count: count ?? 1, numbered: count !== undefined };
}

/** Before anything is sent: a missing second file must not leave the first one sent. */
function mustBeReadable(path: string): void {
  let isDirectory;
  try {
    accessSync(path, constants.R_OK);
    isDirectory = statSync(path).isDirectory();
  } catch (error) {
    throw new UsageError(`--file ${path}: ${fileProblem(error)}`);
  }
  if (isDirectory) throw new UsageError(`--file ${path}: is a directory`);
}
