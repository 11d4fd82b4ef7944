import { Option } from "@commander-js/extra-typings";
import { type BrokerUrl, MalformedUrl, parseBrokerUrl } from "../amqp/broker_url.ts";
import type { ConnectionOptions } from "../amqp/connection.ts";
import { argument } from "./argument.ts";
import { parseDuration, parsePositiveDuration } from "./duration.ts";
import { type TlsFlags, tlsOptions } from "./tls_files.ts";
import { UsageError } from "./usage_error.ts";

const DEFAULT_URL = "amqp://guest:guest@localhost:5672/";

/** Looked at in this order where there is no --url. */
const URL_VARIABLES = ["AMQP_URL", "RABBITMQ_URL", "CLOUDAMQP_URL"] as const;

export const urlFlag = new Option(
  "-u, --url <url>",
  `broker, amqp[s]://user:password@host:port/vhost (default: ${URL_VARIABLES.join(", ")}, ` +
    "or amqp://guest:guest@localhost:5672/)",
);
export const uriFlag = new Option("--uri <url>", "the same as --url").hideHelp();
export const tlsCaFlag = new Option(
  "--tls-ca <file>",
  "authority that signed the broker's certificate, or that certificate itself (PEM)",
);
export const tlsCertFlag = new Option("--tls-cert <file>", "client certificate (PEM)");
export const tlsKeyFlag = new Option("--tls-key <file>", "key of the client certificate (PEM)");
export const insecureFlag = new Option("--insecure", "accept any certificate");
export const connectTimeoutFlag = new Option(
  "--connect-timeout <duration>",
  "for the connection, and for each answer of the broker",
).argParser(argument(parsePositiveDuration)).default(10_000, "10s");
export const heartbeatFlag = new Option(
  "--heartbeat <duration>",
  "notice a silent broker after twice this, in whole seconds; 0 for never",
).argParser(argument(parseHeartbeat)).default(20, "20s");

export interface ConnectionFlags extends TlsFlags {
  readonly url?: string | undefined;
  readonly uri?: string | undefined;
  readonly connectTimeout: number;
  readonly heartbeat: number;
}

/** Everything about the connection but its events. @throws {UsageError} */
export function connectionOptions(
  flags: ConnectionFlags,
  env: Readonly<Record<string, string | undefined>>,
): Omit<ConnectionOptions, "name" | "version" | "onBlocked" | "onUnblocked"> {
  const url = brokerUrl(flags, env);
  const tls = tlsOptions(flags);
  if (!url.tls && (tls.insecure || tls.ca || tls.cert)) {
    throw new UsageError("--insecure and --tls-… go with a URL that begins with amqps://");
  }
  return {
    url,
    tls,
    timeoutMs: flags.connectTimeout,
    heartbeatSeconds: flags.heartbeat,
  };
}

function brokerUrl(
  flags: ConnectionFlags,
  env: Readonly<Record<string, string | undefined>>,
): BrokerUrl {
  const variable = URL_VARIABLES.find((name) => env[name]);
  const flag = flags.url ?? flags.uri;
  const [source, text] = flag !== undefined
    ? ["--url", flag]
    : variable
    ? [variable, env[variable]!]
    : ["the default", DEFAULT_URL];
  try {
    return parseBrokerUrl(text);
  } catch (error) {
    if (error instanceof MalformedUrl) throw new UsageError(`${source}: ${error.message}`);
    throw error;
  }
}

function parseHeartbeat(text: string): number {
  const seconds = parseDuration(text) / 1_000;
  if (!Number.isInteger(seconds) || seconds > 65_535) {
    throw new RangeError("It must be whole seconds, 0 to 65535.");
  }
  return seconds;
}
