import { Command, CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { EXIT_CODES_HELP, ExitCode } from "./exit_code.ts";
import type { Output, OutputFailed } from "./output.ts";
import type { Surroundings } from "./surroundings.ts";
import { UsageError } from "./usage_error.ts";

const EXAMPLES = `
Examples:
  worktool work                      wait for tasks; one second of work for every dot
  worktool send "First message."     send one, in another terminal
  worktool help send                 all flags of a command
`;

/** Makes a command; `exit` is told its exit code when it has run. */
type LoadCommand = (
  surroundings: Surroundings,
  exit: (code: ExitCode) => void,
) => Promise<CommandUnknownOpts>;

const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  send: async (...args) => (await import("./send_command.ts")).sendCommand(...args),
  work: async (...args) => (await import("./work_command.ts")).workCommand(...args),
  broker: async (...args) => (await import("./broker_command.ts")).brokerCommand(...args),
};

/** How long the last words may take after a stop. */
const LAST_OUTPUT_MS = 1_000;

/** Runs one command line to its end. @param args without the executable's own name */
export async function run(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  let exitCode: ExitCode = ExitCode.ok;
  const exit = (code: ExitCode) => exitCode = code;
  const program = new Command("worktool")
    .description("Work queues over AMQP 0-9-1: send tasks, work on them, see what happens")
    .version(`worktool ${surroundings.version}`, "-V, --version")
    .addHelpText("after", EXAMPLES + EXIT_CODES_HELP);
  // Only the command that is asked for is loaded; help and mistakes need all of them.
  const named = Object.entries(COMMANDS).filter(([name]) => name === args[0]);
  for (const [, load] of named.length > 0 ? named : Object.entries(COMMANDS)) {
    program.addCommand(await load(surroundings, exit));
  }
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "worktool: ")),
    });
  }
  try {
    await program.parseAsync([...withoutHelpForUnknown(args)], { from: "user" });
  } catch (error) {
    exitCode = usageExitCode(error, surroundings);
  }
  const failure = await lastWords(stdout, surroundings.stop);
  if (failure && exitCode === ExitCode.ok) {
    stderr.write(`worktool: cannot write the output: ${failure.code}\n`);
    exitCode = ExitCode.failed;
  }
  await lastWords(stderr, surroundings.stop);
  return exitCode;
}

/** `worktool nonsense --help` is a mistake like `worktool nonsense`, not a call for help. */
function withoutHelpForUnknown(args: readonly string[]): readonly string[] {
  const name = args[0] === "help" ? args[1] : args[0];
  const known = !name || name.startsWith("-") || name === "help" || name in COMMANDS;
  return known ? args : [name];
}

/** Waits until the output is written; after a stop only for a moment, whoever should be reading it. */
async function lastWords(output: Output, stop: AbortSignal): Promise<OutputFailed | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const hurry = () => setTimeout(() => resolve(undefined), LAST_OUTPUT_MS);
  if (stop.aborted) hurry();
  else stop.addEventListener("abort", hurry, { once: true });
  return await Promise.race([output.flushed().then(() => undefined, (failure) => failure), late]);
}

/** @throws what is no usage error: a bug */
function usageExitCode(error: unknown, { stderr }: Surroundings): ExitCode {
  if (error instanceof CommanderError) {
    // Help and --version arrive as errors too, with 0 when they were asked for.
    return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  }
  if (error instanceof UsageError) {
    stderr.write(`worktool: ${error.message}\n`);
    return ExitCode.usage;
  }
  throw error;
}
