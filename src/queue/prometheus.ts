// deno-lint-ignore-file camelcase -- RabbitMQ's names
import { ManagementUnavailable, reasonOf } from "./management_api.ts";
import type { QueueFigures } from "./queue_figures.ts";

const FAMILIES = ["queue_coarse_metrics", "queue_consumer_count"];

const FIGURES: Readonly<Record<string, "ready" | "unacked" | "consumers">> = {
  rabbitmq_detailed_queue_messages_ready: "ready",
  rabbitmq_detailed_queue_messages_unacked: "unacked",
  rabbitmq_detailed_queue_consumers: "consumers",
};

/**
 * The queues of a virtual host by RabbitMQ's plug-in `rabbitmq_prometheus`, which asks for no login
 * (https://www.rabbitmq.com/docs/prometheus#detailed-endpoint).
 *
 * @param url `http://host:15692`
 * @throws {ManagementUnavailable}
 */
export async function prometheusQueues(
  url: string,
  { vhost, timeoutMs }: { readonly vhost: string; readonly timeoutMs: number },
): Promise<readonly QueueFigures[]> {
  const families = FAMILIES.map((family) => `family=${family}`).join("&");
  try {
    const answer = await fetch(
      `${url}/metrics/detailed?vhost=${encodeURIComponent(vhost)}&${families}`,
      { signal: AbortSignal.timeout(timeoutMs) },
    );
    const text = await answer.text();
    if (answer.ok) return figuresIn(text, vhost);
    throw new ManagementUnavailable(`${url} answers ${answer.status}`, answer.status);
  } catch (error) {
    if (error instanceof ManagementUnavailable) throw error;
    throw new ManagementUnavailable(`${url} does not answer: ${reasonOf(error)}`);
  }
}

/** Reads the text format of Prometheus. */
function figuresIn(text: string, vhost: string): readonly QueueFigures[] {
  const queues = new Map<string, QueueFigures>();
  for (const [, metric, labels, value] of text.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)) {
    const figure = FIGURES[metric!];
    const name = labelOf(labels!, "queue");
    if (figure === undefined || name === undefined || labelOf(labels!, "vhost") !== vhost) continue;
    queues.set(name, { ...queues.get(name), name, [figure]: Number(value) });
  }
  return [...queues.values()];
}

function labelOf(labels: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|,)${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(labels);
  return match?.[1]?.replace(/\\(.)/g, (_, escaped) => escaped === "n" ? "\n" : escaped);
}
