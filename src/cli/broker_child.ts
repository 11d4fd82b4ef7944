import type { BrokerEvent } from "../broker/broker_event.ts";
import { type BrokerOptions, BrokerServer } from "../broker/server.ts";
import type { UserOptions } from "../broker/access/user.ts";
import { runChild } from "./child_command.ts";
import type { Context } from "./context.ts";
import { MANAGEMENT_VARIABLE } from "./values/management_urls.ts";

export interface BrokerChildOptions {
  readonly broker: BrokerOptions & { readonly users: readonly UserOptions[] };
  readonly context: Context;
  readonly onEvent: (event: BrokerEvent) => void;
}

/**
 * Runs a command with a broker that is there as long as the command, and tells it where in its
 * environment.
 *
 * @returns the command's exit status, 128 and the signal's number where a signal ended it
 * @throws {DataDirectoryError | DamagedDataError} the data directory cannot be used
 * @throws {Error} with `code` EADDRINUSE and the like: the broker cannot listen
 */
export async function runWithBroker(
  command: readonly string[],
  { broker, context, onEvent }: BrokerChildOptions,
): Promise<number> {
  await using server = await BrokerServer.listen(broker, onEvent);
  const env = {
    ...context.env,
    AMQP_URL: reachable(server.url, broker.users[0]!),
    // One that is set already would be another broker's.
    [MANAGEMENT_VARIABLE]: server.managementUrl &&
      reachable(server.managementUrl, broker.users[0]!),
  };
  return await runChild(command, { env, context, guarded: true });
}

/**
 * The URL as this machine reaches it, with the user's credentials. It has no path, which means
 * virtual host `/` to every client; the path `/` alone means an empty name to some.
 */
function reachable(url: string, { name, password }: UserOptions): string {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "[::]" ? "[::1]" : hostname;
  const user = `${encodeURIComponent(name)}:${encodeURIComponent(password)}`;
  return `${protocol}//${user}@${host}:${port}`;
}
