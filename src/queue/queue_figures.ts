/** What is known of a queue; what no source tells is undefined, and never 0. */
export interface QueueFigures {
  readonly name: string;
  /** Messages ready for delivery. */
  readonly ready?: number;
  /** Delivered and not acknowledged. */
  readonly unacked?: number;
  readonly consumers?: number;
  /** Messages a second that came in lately, and that were delivered. */
  readonly in?: number;
  readonly out?: number;
  /** `classic`, `quorum`, `stream`. */
  readonly type?: string;
  readonly durable?: boolean;
  /** The name of the policy that applies; empty where none does. */
  readonly policy?: string;
}

/** In the order in which they are shown. */
export const COLUMNS = [
  "name",
  "ready",
  "unacked",
  "consumers",
  "in",
  "out",
  "type",
  "durable",
  "policy",
] as const;

export type Column = typeof COLUMNS[number];
