import type { Labels, Metric } from "./metric.ts";

/**
 * Metrics in the text format of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats), each name once.
 */
export class MetricText {
  readonly #prefix: string;
  readonly #lines: string[] = [];
  readonly #told = new Set<string>();

  /** @param prefix of all names, for example `rabbitmq_` */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Adds a metric with its values. */
  add(
    metric: Pick<Metric<never>, "name" | "type" | "help">,
    values: Iterable<readonly [Labels, number]>,
  ): void {
    const name = this.#prefix + metric.name;
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#lines.push(`# TYPE ${name} ${metric.type}`, `# HELP ${name} ${metric.help}`);
    for (const [labels, value] of values) this.#lines.push(`${name}${labelText(labels)} ${value}`);
  }

  toString(): string {
    return [...this.#lines, ""].join("\n");
  }
}

function labelText(labels: Labels): string {
  if (labels.length === 0) return "";
  return `{${labels.map(([name, value]) => `${name}="${escape(value)}"`).join(",")}}`;
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
