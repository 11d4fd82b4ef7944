import { readFileSync } from "node:fs";
import process from "node:process";
import { Command, Option } from "@commander-js/extra-typings";
import type { UserOptions } from "../../broker/access/user.ts";
import { DEFAULT_RELEASE, DENIABLE_FEATURES, RELEASE_NAMES } from "../../broker/release.ts";
import type { BrokerOptions } from "../../broker/server.ts";
import { argument, repeated, secret } from "../values/argument.ts";
import { defined } from "../defined.ts";
import { flagGroup, type FlagsOf, withFlags } from "./flag_group.ts";
import { parseDuration } from "../values/duration.ts";
import { integerBetween } from "../values/integer.ts";
import { DEFAULT_MANAGEMENT_ADDRESS, parseManagementAddress } from "../values/listen_address.ts";
import { FAULT_USAGES, parseFaults } from "../values/faults.ts";
import { nonEmptyShortString } from "../values/short_string.ts";
import { oneOf } from "../values/one_of.ts";
import { parseUser, parseUserTags } from "../values/user.ts";
import { parseSize } from "../values/size.ts";
import { stateDirectory } from "../state_directory.ts";
import { fileProblem } from "../failure/system_problem.ts";
import { UsageError } from "../failure/usage_error.ts";

const DEFAULT_PORT = 5672;
const MOST_SEED = 2 ** 32 - 1;

const EXAMPLES = `
It prints its URL first, and then logs connections on standard error.

A command after -- is run with a broker of its own: on free ports, in memory,
with AMQP_URL and RABBITMQ_MANAGEMENT_URL set. Its exit status becomes that of
worktool, standard output is its alone, and nothing of either is left behind,
but for what has left the command's process group.

Unless --user names others, the only user is guest with the password guest, from
this machine alone. A user may do everything unless three patterns follow:
name:password:configure:write:read. A user with the tag impersonator may publish
in the name of others (property user-id).

It answers as RabbitMQ 4.3 does; --like 4.0 or --like 3.10 for older ones.
--deny refuses what an operator of RabbitMQ 4 may refuse: global_qos,
queue_master_locator, transient_nonexcl_queues.

--fault makes it go wrong on purpose, see docs/faults.md:
${FAULT_USAGES.map((usage) => `  ${usage}`).join("\n")}

Examples:
  worktool broker                                  on port 5672, durable
  worktool broker --like 3.10                      as RabbitMQ 3.10 would answer
  worktool broker --port 0 --memory                a free port, nothing on disk
  worktool broker --host 0.0.0.0 --user ci:secret  for other machines
  worktool broker -- pytest                        tests with their own broker
  worktool broker --fault drop:2%,redeliver:5% -- pytest`;

function listenFlags() {
  return flagGroup("Address")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option(
      "--port <n>",
      "port to listen on, 0 for a free one (default: 5672; with a command 0)",
      argument(integerBetween(0, 65_535)),
    )
    .addOption(
      new Option(
        "--http <[host:]port>",
        "where the management HTTP API listens (default: 127.0.0.1:15672; with a command 0)",
      ).argParser(argument(parseManagementAddress)),
    )
    .option("--no-http", "serve no management HTTP API");
}

function storeFlags() {
  return flagGroup("Data")
    .addOption(
      new Option(
        "--data <directory>",
        "where durable queues and tasks are kept (default: state directory)",
      ).conflicts("memory"),
    )
    .option("--memory", "keep nothing on disk")
    .option("--accept-damage", "start although confirmed tasks are missing in the directory")
    .option(
      "--max-memory <size>",
      "block publishers when clients fill more (default: 40 % of what there is)",
      argument(parseSize),
    );
}

function accessFlags() {
  return flagGroup("Access")
    .addOption(
      new Option("--user <name:password>", "who may log in, repeatable")
        .argParser(repeated(secret("--user", parseUser))),
    )
    .addOption(
      new Option("--user-tags <name:tag,...>", "RabbitMQ's tags of a user, repeatable")
        .argParser(repeated(parseUserTags)),
    )
    .addOption(
      new Option("--vhost <name>", "virtual host besides /, repeatable")
        .argParser(repeated(nonEmptyShortString)),
    )
    .option("--definitions <file>", "import what RabbitMQ has exported, see docs/broker.md");
}

function releaseFlags() {
  return flagGroup("Behaviour")
    .addOption(
      new Option("--like <release>", "the RabbitMQ to behave as")
        .choices(RELEASE_NAMES).default(DEFAULT_RELEASE),
    )
    .addOption(
      new Option("--deny <feature>", "refuse a deprecated feature, repeatable")
        .argParser(repeated(oneOf(DENIABLE_FEATURES))),
    )
    .addOption(
      new Option("--consumer-timeout <duration>", "how long a task may stay unacknowledged")
        .argParser(argument(parseDuration)).default(30 * 60_000, "30m"),
    );
}

function faultFlags() {
  return flagGroup("Faults")
    .addOption(
      new Option("--fault <spec,...>", "go wrong on purpose, repeatable, see docs/faults.md")
        .argParser(repeated(parseFaults)),
    )
    .option(
      "--seed <n>",
      "make the same faults again (default: another one each time)",
      argument(integerBetween(0, MOST_SEED)),
    );
}

function logFlags() {
  return flagGroup("Output")
    .option("-v, --verbose", "log every method that arrives")
    .option("--json", "print one JSON object a line, see docs/events.md");
}

/** The flags of `worktool broker`. */
export function brokerFlags() {
  return withFlags(
    new Command("broker")
      .usage("[options] [-- command …]")
      .description("Serve AMQP 0-9-1 without RabbitMQ: for laptops, demos and tests")
      .addHelpText("after", EXAMPLES),
    listenFlags(),
    storeFlags(),
    accessFlags(),
    releaseFlags(),
    faultFlags(),
    logFlags(),
  );
}

export type BrokerFlags = FlagsOf<typeof brokerFlags>;

export interface BrokerPurpose {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * It serves one command: unless the flags say otherwise its ports are free ones, and nothing is
   * on disk.
   */
  readonly forCommand: boolean;
}

/** @throws {UsageError} a permission is no pattern */
export function brokerOptions(
  flags: BrokerFlags,
  { env, forCommand }: BrokerPurpose,
): BrokerOptions & Required<Pick<BrokerOptions, "host" | "port" | "users">> {
  const { host, data, vhost = [], like, deny = [], http } = flags;
  const port = flags.port ?? (forCommand ? 0 : DEFAULT_PORT);
  const memory = flags.memory ?? (forCommand && data === undefined);
  const management = http ?? { ...DEFAULT_MANAGEMENT_ADDRESS, ...forCommand ? { port: 0 } : {} };
  const user = withTags(flags, { forCommand });
  if (like === "3.10" && deny.length > 0) {
    throw new UsageError("--deny needs --like 4.0 or later: RabbitMQ 3.10 cannot refuse features");
  }
  for (const { name, ...patterns } of user) mustBePatterns(name, patterns);
  return {
    host,
    port,
    vhosts: vhost,
    release: like,
    denied: deny,
    ...(management === false ? {} : { management }),
    consumerTimeoutMs: flags.consumerTimeout,
    traceMethods: flags.verbose ?? false,
    ...(memory ? {} : { dataDirectory: data ?? stateDirectory(process.platform, env) }),
    acceptDamage: flags.acceptDamage ?? false,
    users: user,
    ...faultPlan(flags, { onDisk: !memory }),
    ...defined({
      maxMemoryBytes: flags.maxMemory,
      definitions: flags.definitions && definitionsIn(flags.definitions),
    }),
  };
}

/** @throws {UsageError} there is nothing that the fault could befall */
function faultPlan(
  { fault = [], seed }: BrokerFlags,
  { onDisk }: { readonly onDisk: boolean },
): Pick<BrokerOptions, "faults"> {
  const faults = fault.flat();
  if (faults.length === 0) {
    if (seed !== undefined) throw new UsageError("--seed needs --fault");
    return {};
  }
  if (faults.filter(({ kind }) => kind === "delay").length > 1) {
    throw new UsageError("--fault delay can be given once");
  }
  if (!onDisk && faults.some(({ kind }) => kind === "full-disk")) {
    throw new UsageError(
      "--fault full-disk needs a directory that can be full: give one with --data",
    );
  }
  return { faults: { faults, seed: seed ?? Math.floor(Math.random() * (MOST_SEED + 1)) } };
}

/** The users with their tags. @throws {UsageError} tags of nobody */
function withTags(
  { user = [], userTags = [] }: BrokerFlags,
  { forCommand }: Pick<BrokerPurpose, "forCommand">,
): UserOptions[] {
  const guest = { name: "guest", password: "guest", tags: ["administrator"] };
  // A command is told a password, whatever became of guest in the directory's other broker.
  const namesGuest = forCommand || userTags.length > 0;
  const users: readonly UserOptions[] = user.length === 0 && namesGuest ? [guest] : user;
  const stranger = userTags.find(({ name }) => !users.some((one) => one.name === name));
  if (stranger !== undefined) throw new UsageError(`--user-tags ${stranger.name}: no such user`);
  return users.map((one) => ({
    ...one,
    tags: [
      ...one.tags ?? [],
      ...userTags.filter(({ name }) => name === one.name).flatMap(({ tags }) => tags),
    ],
  }));
}

/** @throws {UsageError} the file cannot be read */
function definitionsIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--definitions ${path}: ${fileProblem(error)}`);
  }
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
