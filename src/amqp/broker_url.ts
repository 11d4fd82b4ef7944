/** Where a broker is and who we are there, as an AMQP URI says it. */
export interface BrokerUrl {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** The virtual host; a URL without a path means "/". */
  readonly vhost: string;
  /** From `?heartbeat=`, in seconds; 0 switches heartbeats off. */
  readonly heartbeatSeconds?: number;
  /** From `?connection_timeout=`, which RabbitMQ's URIs give in milliseconds. */
  readonly connectTimeoutMs?: number;
}

/** Why a text is not an AMQP URL; the message never holds the password. */
export class MalformedUrl extends Error {
  override readonly name = "MalformedUrl";
}

/**
 * Reads `amqp[s]://user:password@host:port/vhost?heartbeat=10`.
 *
 * Differs from the AMQP URI specification in one point: `amqp://host/` means vhost "/", not the
 * empty name, because that is what its writers mean.
 *
 * @throws {MalformedUrl} naming the part that is wrong
 */
export function parseBrokerUrl(given: string): BrokerUrl {
  const text = given.trim(); // what comes out of a CI secret may end with a newline
  const shown = withoutCredentials(text);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new MalformedUrl(
      `"${shown}" is not a URL: write amqp://user:password@host:port/vhost, with %40 for an @ in the password`,
    );
  }
  if (!/^amqps?:\/\//i.test(text)) {
    throw new MalformedUrl(`"${shown}" must begin with amqp:// or amqps://`);
  }
  if (url.hostname.includes(",")) {
    throw new MalformedUrl(
      `"${shown}" has a comma in its host: write each URL in full, amqp://host/,amqp://other/`,
    );
  }
  if (url.hostname === "") throw new MalformedUrl(`"${shown}" names no host`);
  if (url.hash !== "") {
    throw new MalformedUrl(`"${shown}" has a "#": write %23 for one in the password or vhost`);
  }
  // Not url.pathname, which takes a vhost "." or ".." for a step in a path.
  const path = /^\w+:\/\/[^/?]*\/?([^?]*)/.exec(text)![1]!;
  if (path.includes("/")) {
    throw new MalformedUrl(`"${shown}" has a "/" in its vhost: write %2f for it`);
  }
  if (url.port === "0") throw new MalformedUrl(`"${shown}" has no port that anything listens on`);
  const tls = url.protocol === "amqps:";
  return {
    tls,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (tls ? 5671 : 5672) : Number(url.port),
    username: decode(url.username, shown) || "guest",
    password: decode(url.password, shown) || (url.username === "" ? "guest" : ""),
    vhost: decode(path, shown) || "/",
    ...queryOptions(url.searchParams, shown),
  };
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Pick<BrokerUrl, "host" | "port">): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Parameters that are understood, and the least and greatest value of each. */
const PARAMETERS = {
  heartbeat: { least: 0, greatest: 65_535, unit: "seconds" },
  connection_timeout: { least: 1, greatest: 999_999_999, unit: "milliseconds" },
} as const;

function queryOptions(query: URLSearchParams, shown: string) {
  const options: { heartbeatSeconds?: number; connectTimeoutMs?: number } = {};
  for (const [key, value] of query) {
    if (!Object.hasOwn(PARAMETERS, key)) {
      const known = Object.entries(PARAMETERS).map(([name, { unit }]) => `${name} (${unit})`);
      throw new MalformedUrl(
        `"${key}" in "${shown}" is no parameter that worktool knows: it knows ${
          known.join(" and ")
        }`,
      );
    }
    const { least, greatest, unit } = PARAMETERS[key as keyof typeof PARAMETERS];
    if (!/^\d+$/.test(value) || Number(value) < least || Number(value) > greatest) {
      throw new MalformedUrl(
        `"${key}" in "${shown}" must be a whole number of ${unit}, ${least} to ${greatest}`,
      );
    }
    if (key === "heartbeat") options.heartbeatSeconds = Number(value);
    else options.connectTimeoutMs = Number(value);
  }
  return options;
}

function decode(part: string, shown: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new MalformedUrl(`"${shown}" has a "%" that starts no escape: write %25 for it`);
  }
}

/** Everything before the last "@" may hold a password, most of all in a URL that is malformed. */
function withoutCredentials(text: string): string {
  return text.replace(/^([a-z]+:\/\/)?.*@/is, "$1***@");
}
