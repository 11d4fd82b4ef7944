import type { Release } from "../release.ts";

/** To what a policy applies; RabbitMQ 3.10 knows the first three. */
const APPLY_TO = [
  "queues",
  "exchanges",
  "all",
  "classic_queues",
  "quorum_queues",
  "streams",
] as const;

export type ApplyTo = typeof APPLY_TO[number];

/** How many of {@linkcode APPLY_TO} a release knows. */
export function applyToOf(release: Release): readonly ApplyTo[] {
  return release.name === "3.10" ? APPLY_TO.slice(0, 3) : APPLY_TO;
}

/** What holds for all queues whose names match (https://www.rabbitmq.com/docs/policies). */
export interface Policy {
  /** A regular expression, as text. */
  readonly pattern: string;
  readonly applyTo: ApplyTo;
  /** Of several that match the highest applies. */
  readonly priority: number;
  /** By keys such as `message-ttl`; values are JSON's. */
  readonly definition: Readonly<Record<string, unknown>>;
}

/** A policy with its name, which is a binary string. */
export interface NamedPolicy extends Policy {
  readonly name: string;
}

/** A policy that RabbitMQ would refuse. */
export class InvalidPolicy extends Error {}
