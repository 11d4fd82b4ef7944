import { NOT_FOUND } from "../amqp/reply_code.ts";
import type { BrokerEvent } from "../broker/broker_event.ts";
import { DamagedDataError, DataDirectoryError } from "../broker/store/data_directory_error.ts";
import { DefinitionsError } from "../broker/management/definitions/definitions_error.ts";
import { broker } from "../broker/serve.ts";
import { runWithBroker } from "./broker_child.ts";
import { refuseUnusable } from "./child_command.ts";
import { type BrokerFlags, brokerFlags, brokerOptions } from "./flags/broker_flags.ts";
import { brokerLogJson, brokerLogLine } from "./output/broker_log.ts";
import { type Exit, ExitCode } from "./failure/exit_code.ts";
import { listenProblem } from "./failure/system_problem.ts";
import { UsageError } from "./failure/usage_error.ts";
import { endStartUp } from "./start_up.ts";
import type { Context } from "./context.ts";

/**
 * What a broker that serves one command does not tell unless it is asked to. To ask for a queue
 * that is not there is how clients look for one.
 */
function isRoutine(event: BrokerEvent): boolean {
  return ROUTINE.includes(event.event) ||
    event.event === "channel-error" && event.replyCode === NOT_FOUND;
}

const ROUTINE: readonly BrokerEvent["event"][] = [
  "management",
  "opened",
  "disconnected",
  "closed",
];

/**
 * `worktool broker`; `exit` is told the exit code.
 *
 * @param command what follows `--`, undefined where there is no `--`
 */
export function brokerCommand(
  context: Context,
  exit: Exit,
  command: readonly string[] | undefined,
) {
  return brokerFlags().allowExcessArguments().action(async (flags, given) => {
    if (given.args.length > 0) {
      throw new UsageError(
        `write -- before the command: worktool broker [options] -- ${given.args.join(" ")}`,
      );
    }
    if (command?.length === 0 || command?.[0] === "") {
      throw new UsageError("there is no command after --: worktool broker -- ./run-tests.sh");
    }
    const unusable = command && refuseUnusable(command, { env: context.env, context });
    exit(unusable ?? await run(flags, context, command));
  });
}

async function run(
  flags: BrokerFlags,
  context: Context,
  command: readonly string[] | undefined,
): Promise<number> {
  const { env, stderr, stop } = context;
  const { verbose = false, json = false } = flags;
  const forCommand = command !== undefined;
  // Standard output belongs to the command.
  const stdout = forCommand ? stderr : context.stdout;
  const options = brokerOptions(flags, { env, forCommand });
  const unheard = new AbortController();

  function onEvent(event: BrokerEvent): void {
    log(event);
    if (event.event === "listening") endStartUp();
    // Nobody would know where a broker listens that could not tell its URL.
    if (event.event === "listening") stdout.flushed().catch(() => unheard.abort());
  }

  function log(event: BrokerEvent): void {
    if (json) {
      if (event.event !== "method" || verbose) stdout.write(`${brokerLogJson(event)}\n`);
      return;
    }
    if (event.event === "listening" && (!forCommand || verbose)) stdout.write(`${event.url}\n`);
    if (forCommand && !verbose && isRoutine(event)) return;
    const line = brokerLogLine(event, { verbose });
    if (line !== undefined) stderr.write(`${line}\n`);
  }

  try {
    if (forCommand) return await runWithBroker(command, { broker: options, context, onEvent });
    await broker(options, { stop: AbortSignal.any([stop, unheard.signal]), onEvent });
    return ExitCode.ok;
  } catch (error) {
    if (error instanceof DefinitionsError) {
      throw new UsageError(`--definitions ${flags.definitions}: ${error.message}`);
    }
    const problem = startProblem(error, options);
    if (problem === undefined) throw error;
    stderr.write(`worktool: ${problem}\n`);
    return ExitCode.unavailable;
  }
}

/** Why a broker could not start, and what to do; undefined for what nobody foresaw. */
function startProblem(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): string | undefined {
  if (error instanceof DataDirectoryError) {
    return `${error.message}\n  - choose another with --data, or --memory to keep nothing on disk`;
  }
  if (error instanceof DamagedDataError) {
    return `${error.message}\n  - --accept-damage starts with what is left; copy the directory first`;
  }
  const { code } = error as NodeJS.ErrnoException;
  const problem = listenProblem(code);
  if (problem === undefined) return undefined;
  const message = `cannot listen on ${host}:${port}: ${problem}`;
  if (code !== "EADDRINUSE") return message;
  return `${message}, perhaps RabbitMQ\n  - choose another port with --port, 0 for a free one`;
}
