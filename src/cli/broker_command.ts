import type { BrokerEvent } from "../broker/broker_event.ts";
import { DamagedDataError, DataDirectoryError } from "../broker/store/data_directory_error.ts";
import { broker } from "../broker/serve.ts";
import { type BrokerFlags, brokerFlags, brokerOptions } from "./flags/broker_flags.ts";
import { brokerLogJson, brokerLogLine } from "./output/broker_log.ts";
import { ExitCode } from "./failure/exit_code.ts";
import { listenProblem } from "./failure/system_problem.ts";
import { endStartUp } from "./start_up.ts";
import type { Context } from "./context.ts";

/** `worktool broker`; `exit` is told the exit code. */
export function brokerCommand(context: Context, exit: (code: ExitCode) => void) {
  return brokerFlags().action(async (flags) => exit(await run(flags, context)));
}

async function run(flags: BrokerFlags, context: Context): Promise<ExitCode> {
  const { env, stdout, stderr, stop } = context;
  const { verbose = false, json = false } = flags;
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
    if (event.event === "listening") stdout.write(`${event.url}\n`);
    const line = brokerLogLine(event, { verbose });
    if (line !== undefined) stderr.write(`${line}\n`);
  }

  try {
    const stopped = AbortSignal.any([stop, unheard.signal]);
    await broker(brokerOptions(flags, env), { stop: stopped, onEvent });
    return ExitCode.ok;
  } catch (error) {
    const problem = startProblem(error, flags);
    if (problem === undefined) throw error;
    stderr.write(`worktool: ${problem}\n`);
    return ExitCode.unavailable;
  }
}

/** Why a broker could not start, and what to do; undefined for what nobody foresaw. */
function startProblem(error: unknown, { host, port }: BrokerFlags): string | undefined {
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
