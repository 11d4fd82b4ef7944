import { type BrokerUrl, formatAddress } from "../amqp/broker_url.ts";
import { Cluster } from "../amqp/cluster.ts";
import type { AddressFailure } from "../amqp/errors.ts";
import type { QueueRequest } from "../amqp/task_queue.ts";
import { type ConnectionFlags, connectionOptions } from "./flags/connection_flags.ts";
import { explain } from "./failure/explain.ts";
import { type Attempt, placeOf } from "./failure/explanation.ts";
import { eventLine } from "./output/event_line.ts";
import { attemptOf, type Report } from "./output/report.ts";
import type { Context } from "./context.ts";

/** Whose broker it is. */
export interface ClusterUser {
  readonly command: Attempt["command"];
  /** Of its connections. */
  readonly name: string;
  readonly queue: QueueRequest;
  /** What every event of it has, with --json. */
  readonly eventFields: object;
  readonly report: Report;
  readonly context: Pick<Context, "env" | "version">;
}

/**
 * The broker that the flags name; what its connections have to tell is reported. @throws
 * {UsageError}
 */
export function brokerCluster(
  flags: ConnectionFlags & { readonly json?: boolean | undefined },
  { command, name, queue, eventFields, report, context: { env, version } }: ClusterUser,
): Cluster {
  function onConnected(url: BrokerUrl, failures: readonly AddressFailure[]): void {
    const attempt = attemptOf(command, { connection: cluster, queue });
    const address = formatAddress(url);
    const failed = failures.map(({ url, failure }) => ({
      address: formatAddress(url),
      error: explain(failure, { ...attempt, ...placeOf(url) }).message,
    }));
    if (flags.json) {
      return report.result(eventLine("connected", { ...eventFields, address, failed }));
    }
    const others = failed.map(({ error }) => error).join("; ");
    report.notice(` [i] Connected to ${address}${others && ` (${others})`}`);
  }

  const cluster = new Cluster({
    ...connectionOptions(flags, env),
    name,
    version,
    onConnected,
    onBlocked: (reason) =>
      report.notice(
        ` [!] The broker blocks publishers: ${reason}. Waiting until it takes tasks again`,
      ),
    onUnblocked: () => report.notice(" [!] The broker takes tasks again"),
  });
  return cluster;
}
