import type { BrokerUrl } from "../../amqp/broker_url.ts";
import type { ManagementUrl } from "../../queue/queue_look.ts";
import { UsageError } from "../failure/usage_error.ts";

/** Where RabbitMQ's plug-ins listen unless they are set up otherwise. */
const MANAGEMENT_PORT = { http: 15672, https: 15671 } as const;
const PROMETHEUS_PORT = 15692;

export const MANAGEMENT_VARIABLE = "RABBITMQ_MANAGEMENT_URL";

/**
 * Where to ask: what was given, else the variable, else the broker's host at the usual port, which
 * is a guess: another broker's API may be there.
 *
 * @throws {UsageError}
 */
export function managementUrl(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  { host, tls }: Pick<BrokerUrl, "host" | "tls">,
): ManagementUrl {
  const named = given ?? env[MANAGEMENT_VARIABLE];
  if (named === undefined || named === "") {
    const scheme = tls ? "https" : "http";
    return { url: `${scheme}://${bracketed(host)}:${MANAGEMENT_PORT[scheme]}`, guessed: true };
  }
  const flag = given === undefined ? MANAGEMENT_VARIABLE : "--management-url";
  let url: URL;
  try {
    url = new URL(named);
  } catch {
    throw new UsageError(`${flag} is no URL. Write for example http://localhost:15672`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new UsageError(`${flag} must begin with http:// or https://`);
  }
  // Its documentation names it with /api at the end.
  const path = url.pathname.replace(/\/+$/, "").replace(/\/api$/, "");
  return {
    url: `${url.protocol}//${url.host}${path}`,
    guessed: false,
    ...url.username !== "" && { login: loginOf(url, flag) },
  };
}

/** @throws {UsageError} */
function loginOf({ username, password }: URL, flag: string) {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw new UsageError(`${flag} has a "%" that starts no escape: write %25 for it`);
  }
}

/** Where RabbitMQ's Prometheus plug-in listens by default, on the host of the broker. */
export function prometheusUrl({ host }: Pick<BrokerUrl, "host">): string {
  return `http://${bracketed(host)}:${PROMETHEUS_PORT}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
