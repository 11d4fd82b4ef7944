import type { BrokerEvent } from "../broker/broker_event.ts";
import { DataDirectoryError } from "../broker/store/message_store.ts";
import { broker } from "../commands/broker.ts";
import { type BrokerFlags, brokerFlags, brokerOptions } from "./broker_flags.ts";
import { brokerLogJson, brokerLogLine } from "./broker_log.ts";
import { ExitCode } from "./exit_code.ts";
import type { Surroundings } from "./surroundings.ts";

/** `worktool broker`; `exit` is told the exit code. */
export function brokerCommand(surroundings: Surroundings, exit: (code: ExitCode) => void) {
  return brokerFlags().action(async (flags) => exit(await run(flags, surroundings)));
}

async function run(flags: BrokerFlags, surroundings: Surroundings): Promise<ExitCode> {
  const { env, stdout, stderr, stop } = surroundings;
  const { verbose = false, json = false } = flags;

  function onEvent(event: BrokerEvent): void {
    if (json) {
      if (event.event !== "method" || verbose) stdout.write(`${brokerLogJson(event)}\n`);
      return;
    }
    if (event.event === "listening") stdout.write(`${event.url}\n`);
    const line = brokerLogLine(event, { verbose });
    if (line !== undefined) stderr.write(`${line}\n`);
  }

  try {
    await broker(brokerOptions(flags, env), { stop, onEvent });
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
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return `cannot listen on ${host}:${port}: another process does, perhaps RabbitMQ\n` +
        "  - choose another port with --port, 0 for a free one";
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `cannot listen on ${host}:${port}: this machine has no such address`;
    case "EACCES":
      return `cannot listen on ${host}:${port}: permission denied`;
  }
  return undefined;
}
