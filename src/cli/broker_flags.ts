import process from "node:process";
import { Command, Option } from "@commander-js/extra-typings";
import { type UserOptions } from "../broker/authentication.ts";
import type { BrokerOptions } from "../broker/server.ts";
import { argument, repeated } from "./argument.ts";
import { defined } from "./defined.ts";
import { parseDuration } from "./duration.ts";
import { integerBetween } from "./integer.ts";
import { nonEmptyShortString } from "./short_string.ts";
import { parseSize } from "./size.ts";
import { stateDirectory } from "./state_directory.ts";
import { UsageError } from "./usage_error.ts";

const EXAMPLES = `
It prints its URL first, and then logs connections on standard error.

Users are guest with the password guest, from this machine only, unless --user names others.
A user may do everything unless three patterns follow: name:password:configure:write:read.

Examples:
  worktool broker                                  on port 5672, durable
  worktool broker --port 0 --memory                for a test: a free port, nothing on disk
  worktool broker --host 0.0.0.0 --user ci:secret  for other machines`;

/** The flags of `worktool broker`. */
export function brokerFlags() {
  return new Command("broker")
    .description("Serve AMQP 0-9-1 without RabbitMQ: for laptops, demos and tests")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option(
      "--port <n>",
      "port to listen on, 0 for a free one",
      argument(integerBetween(0, 65_535)),
      5672,
    )
    .addOption(
      new Option(
        "--data <directory>",
        "where durable queues and tasks are kept (default: state directory)",
      )
        .conflicts("memory"),
    )
    .option("--memory", "keep nothing on disk")
    .addOption(
      new Option("--user <name:password>", "who may log in, repeatable")
        .argParser(repeated(parseUser)),
    )
    .addOption(
      new Option("--vhost <name>", "virtual host besides /, repeatable")
        .argParser(repeated(nonEmptyShortString)),
    )
    .addOption(
      new Option("--consumer-timeout <duration>", "how long a task may stay unacknowledged")
        .argParser(argument(parseDuration)).default(30 * 60_000, "30m"),
    )
    .option(
      "--max-memory <size>",
      "block publishers when messages hold more (default: 40 % of the machine's)",
      argument(parseSize),
    )
    .option("-v, --verbose", "log every method that arrives")
    .option("--json", "print one JSON object a line, see docs/events.md")
    .addHelpText("after", EXAMPLES);
}

export type BrokerFlags = ReturnType<ReturnType<typeof brokerFlags>["opts"]>;

/** @throws {UsageError} a permission is no pattern */
export function brokerOptions(
  flags: BrokerFlags,
  env: Readonly<Record<string, string | undefined>>,
): BrokerOptions {
  const { host, port, memory, user = [], vhost = [] } = flags;
  for (const { name, ...patterns } of user) mustBePatterns(name, patterns);
  return {
    host,
    port,
    vhosts: ["/", ...vhost],
    consumerTimeoutMs: flags.consumerTimeout,
    traceMethods: flags.verbose ?? false,
    ...(memory ? {} : { dataDirectory: flags.data ?? stateDirectory(process.platform, env) }),
    ...(user.length > 0 ? { users: user } : {}),
    ...defined({ maxMemoryBytes: flags.maxMemory }),
  };
}

function parseUser(text: string): UserOptions {
  const [name, password, configure, write, read, ...rest] = text.split(":");
  const complete = configure === undefined || (write !== undefined && read !== undefined);
  if (!name || password === undefined || !complete || rest.length > 0) {
    throw new RangeError("Write name:password, or name:password:configure:write:read.");
  }
  return { name, password, ...defined({ configure, write, read }) };
}

function mustBePatterns(name: string, { configure, write, read }: Omit<UserOptions, "name">): void {
  for (const pattern of [configure, write, read]) {
    try {
      new RegExp(pattern ?? "");
    } catch (error) {
      throw new UsageError(`--user ${name}: ${(error as Error).message}`);
    }
  }
}
