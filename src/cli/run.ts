import { Command, CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { utf8Text } from "../retry/utf8.ts";
import { type Exit, EXIT_CODES_HELP, ExitCode } from "./failure/exit_code.ts";
import { printableLines } from "./output/body.ts";
import type { Output, OutputFailed } from "./output/output.ts";
import type { Context } from "./context.ts";
import { UsageError } from "./failure/usage_error.ts";

const EXAMPLES = `
Examples:
  worktool work                      wait for tasks; a dot is one second of work
  worktool send "First message."     send one, in another terminal
  worktool work -- ./resize.sh       run a command for each task
  worktool help send                 all flags of a command
`;

/** Makes a command; `exit` is told its exit code when it has run. */
type LoadCommand = (
  context: Context,
  exit: Exit,
  /** What follows `--`, where the command line has it and the command wants it. */
  operands: readonly string[] | undefined,
) => Promise<CommandUnknownOpts>;

const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  send: async (context, exit) => (await import("./send_command.ts")).sendCommand(context, exit),
  work: async (...args) => (await import("./work_command.ts")).workCommand(...args),
  dead: async (context, exit) => (await import("./dead_command.ts")).deadCommand(context, exit),
  broker: async (...args) => (await import("./broker_command.ts")).brokerCommand(...args),
  lab: async (context, exit) => (await import("./lab_command.ts")).labCommand(context, exit),
  check: async (context, exit) => (await import("./check_command.ts")).checkCommand(context, exit),
  expect: async (context, exit) =>
    (await import("./expect_command.ts")).expectCommand(context, exit),
  queue: async (context, exit) => (await import("./queue_command.ts")).queueCommand(context, exit),
  wait: async (...args) => (await import("./wait_command.ts")).waitCommand(...args),
};

/** How long the last words may take after a stop. */
const LAST_OUTPUT_MS = 1_000;

/**
 * Runs one command line to its end.
 *
 * @param args without the executable's own name
 * @returns an {@linkcode ExitCode}, or the status of a command that ran in its place
 */
export async function run(
  args: readonly string[],
  context: Context,
): Promise<number> {
  const { stdout, stderr } = context;
  let exitCode: number = ExitCode.ok;
  let onlyShows = true; // help, for example
  const exit: Exit = (code, options) => {
    exitCode = code;
    onlyShows = options?.onlyShows ?? false;
  };
  const { own, operands } = splitCommandLine(args);
  const program = new Command("worktool")
    .description("Work queues over AMQP 0-9-1: send tasks, work on them, see what happens")
    .version(`worktool ${context.version}`, "-V, --version", "print the version, as -v does")
    .addHelpText("after", EXAMPLES + EXIT_CODES_HELP);
  // Only the command that is asked for is loaded; help and mistakes need all of them.
  const named = Object.entries(COMMANDS).filter(([name]) => name === args[0]);
  for (const [, load] of named.length > 0 ? named : Object.entries(COMMANDS)) {
    program.addCommand(await load(context, exit, operands));
  }
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  for (const command of [program, ...commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(printableLines(text.replace(/^error: /, "worktool: "))),
    });
  }
  try {
    refuseGarbled(args, context);
    await program.parseAsync([...meant(own)], { from: "user" });
  } catch (error) {
    exitCode = usageExitCode(error, args[0], context);
  }
  const failure = await lastWords(stdout, context.stop);
  const enough = onlyShows && failure?.code === "EPIPE";
  if (failure && !enough && exitCode === ExitCode.ok) {
    stderr.write(`worktool: cannot write the output: ${failure.code}\n`);
    exitCode = ExitCode.failed;
  }
  await lastWords(stderr, context.stop);
  return exitCode;
}

/**
 * The runtime turns bytes of an argument that are no UTF-8 into U+FFFD: another task would be sent.
 * @throws {UsageError}
 */
function refuseGarbled(args: readonly string[], { commandLine }: Context): void {
  if (!args.some((arg) => arg.includes("\ufffd"))) return;
  const bytes = commandLine();
  if (bytes === undefined || utf8Text(bytes) !== undefined) return;
  throw new UsageError(
    "an argument is not valid UTF-8: bytes go by --stdin, --lines or --file, and by commands' stdin",
  );
}

/** Of these, what follows the first `--` is the user's command. */
const TAKE_COMMANDS: readonly (string | undefined)[] = ["work", "wait", "broker"];

/** No parser of ours looks at the user's command. */
function splitCommandLine(args: readonly string[]) {
  const end = TAKE_COMMANDS.includes(args[0]) ? args.indexOf("--") : -1;
  return end === -1
    ? { own: args, operands: undefined }
    : { own: args.slice(0, end), operands: args.slice(end + 1) };
}

/**
 * `worktool help dead ls` means `worktool dead ls --help`; and `worktool nonsense --help` is a
 * mistake like `worktool nonsense`, not a call for help.
 */
function meant(args: readonly string[]): readonly string[] {
  if (args[0] === "-v") return ["--version"]; // after a command it is its --verbose
  const asked = args[0] === "help" && args.length > 1 ? [...args.slice(1), "--help"] : args;
  const [name] = asked;
  const known = !name || name.startsWith("-") || name === "help" || name in COMMANDS;
  return known ? asked : [name];
}

/**
 * Waits until the output is written; after a stop only for a moment, whoever should be reading it.
 */
async function lastWords(output: Output, stop: AbortSignal): Promise<OutputFailed | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const hurry = () => setTimeout(() => resolve(undefined), LAST_OUTPUT_MS);
  if (stop.aborted) hurry();
  else stop.addEventListener("abort", hurry, { once: true });
  return await Promise.race([output.flushed().then(() => undefined, (failure) => failure), late]);
}

/** @throws what is no usage error: a bug */
function usageExitCode(
  error: unknown,
  command: string | undefined,
  { stderr }: Context,
): ExitCode {
  if (error instanceof CommanderError) {
    if (error.code === "commander.unknownOption" && command === "send") {
      stderr.write("  - a task that begins with a dash goes after --: worktool send -- TASK\n");
    }
    // Help and --version arrive as errors too, with 0 when they were asked for.
    return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  }
  if (error instanceof UsageError) {
    stderr.write(`worktool: ${printableLines(error.message)}\n`);
    return ExitCode.usage;
  }
  throw error;
}
