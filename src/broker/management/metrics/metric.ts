/** A figure as Prometheus knows it (https://prometheus.io/docs/concepts/metric_types). */
export interface Metric<T> {
  /** RabbitMQ's, without `rabbitmq_`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "untyped";
  readonly help: string;
  readonly of: (one: T) => number;
}

/** Names of labels with their values, in order. */
export type Labels = readonly (readonly [name: string, value: string])[];

/** Metrics of objects of one kind, by RabbitMQ's names of families. */
export interface Families<T> {
  readonly labelsOf: (one: T) => Labels;
  readonly metrics: Readonly<Record<string, readonly Metric<T>[]>>;
}

export function counter<T>(name: string, help: string, of: (one: T) => number): Metric<T> {
  return { name, type: "counter", help, of };
}

export function gauge<T>(name: string, help: string, of: (one: T) => number): Metric<T> {
  return { name, type: "gauge", help, of };
}
