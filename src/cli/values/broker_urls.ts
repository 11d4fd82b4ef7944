import { type BrokerUrl, MalformedUrl, parseBrokerUrl } from "../../amqp/broker_url.ts";
import { UsageError } from "../failure/usage_error.ts";

const DEFAULT_URL = "amqp://guest:guest@localhost:5672/";

/** Looked at in this order where there is no --url. */
export const URL_VARIABLES = ["AMQP_URL", "RABBITMQ_URL", "CLOUDAMQP_URL"] as const;

/**
 * The addresses of one broker, from the flags, else from the first variable that is set, else the
 * default. @throws {UsageError}
 */
export function brokerUrls(
  flags: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): readonly BrokerUrl[] {
  const variable = URL_VARIABLES.find((name) => env[name]);
  const [source, texts] = flags.length > 0
    ? ["--url", flags]
    : variable
    ? [variable, [env[variable]!]]
    : ["the default", [DEFAULT_URL]];
  const urls = texts.flatMap(splitList).map((text) => parse(text, source));
  const vhosts = new Set(urls.map(({ vhost }) => vhost));
  if (vhosts.size > 1) {
    const named = [...vhosts].map((vhost) => `'${vhost}'`).join(" and ");
    throw new UsageError(
      `${source}: several URLs are the nodes of one cluster, and must name the same vhost, not ${named}`,
    );
  }
  return urls;
}

/**
 * `amqp://a/,amqp://b/`: at a comma only where another URL follows it, for a password or a vhost
 * may have a comma too.
 */
export function splitList(text: string): string[] {
  return text.split(/,\s*(?=amqps?:\/\/)/i);
}

/** In an order that nobody chose. @param random gives numbers from 0 to below 1 */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]!);
}

function parse(text: string, source: string): BrokerUrl {
  try {
    return parseBrokerUrl(text);
  } catch (error) {
    if (error instanceof MalformedUrl) throw new UsageError(`${source}: ${error.message}`);
    throw error;
  }
}
