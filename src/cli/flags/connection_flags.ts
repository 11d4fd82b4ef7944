import { Option } from "@commander-js/extra-typings";
import type { ClusterOptions } from "../../amqp/cluster.ts";
import { argument, repeated } from "../values/argument.ts";
import { brokerUrls, shuffled, URL_VARIABLES } from "../values/broker_urls.ts";
import { parseHeartbeat, parsePositiveDuration } from "../values/duration.ts";
import { flagGroup, type FlagsOf } from "./flag_group.ts";
import { tlsOptions } from "./tls_files.ts";
import { UsageError } from "../failure/usage_error.ts";

/** How to reach the broker: of every command that connects to one. */
export function connectionFlags() {
  return flagGroup("Connection")
    .addOption(
      new Option(
        "-u, --url <url>",
        `broker, amqp[s]://user:password@host:port/vhost; repeatable, for the nodes of a cluster ` +
          `(default: ${URL_VARIABLES.join(", ")}, or amqp://guest:guest@localhost:5672/)`,
      ).argParser(repeated(String)),
    )
    .addOption(
      new Option("--uri <url>", "the same as --url").argParser(repeated(String)).hideHelp(),
    )
    .option("--shuffle", "try several --url in random order, to spread clients over a cluster")
    .option(
      "--tls-ca <file>",
      "authority that signed the broker's certificate, or that certificate itself (PEM)",
    )
    .option("--tls-cert <file>", "client certificate (PEM)")
    .option("--tls-key <file>", "key of the client certificate (PEM)")
    .option("--insecure", "accept any certificate")
    .addOption(
      new Option(
        "--connect-timeout <duration>",
        "for the connection, and for each answer of the broker",
      ).argParser(argument(parsePositiveDuration)).default(10_000, "10s"),
    )
    .addOption(
      new Option(
        "--heartbeat <duration>",
        "notice a silent broker after twice this, in whole seconds; 0 for never",
      ).argParser(argument(parseHeartbeat)).default(20, "20s"),
    );
}

export type ConnectionFlags = FlagsOf<typeof connectionFlags>;

/** Everything about the connection but its events. @throws {UsageError} */
export function connectionOptions(
  flags: ConnectionFlags,
  env: Readonly<Record<string, string | undefined>>,
): Omit<ClusterOptions, "name" | "version" | "onConnected" | "onBlocked" | "onUnblocked"> {
  const urls = brokerUrls([...flags.url ?? [], ...flags.uri ?? []], env);
  const tls = tlsOptions(flags);
  if (!urls.some(({ tls }) => tls) && (tls.insecure || tls.ca || tls.cert)) {
    throw new UsageError("--insecure and --tls-… go with a URL that begins with amqps://");
  }
  return {
    urls: flags.shuffle ? shuffled(urls, Math.random) : urls,
    tls,
    timeoutMs: flags.connectTimeout,
    heartbeatSeconds: flags.heartbeat,
  };
}
