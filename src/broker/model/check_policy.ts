import type { Release } from "../release.ts";
import { applyToOf, InvalidPolicy, type Policy } from "./policy.ts";
import { policyKeysOf } from "./policy_keys.ts";

/** What may be a policy: JSON that somebody has sent. */
export type PolicyProposal = Readonly<Record<keyof Policy, unknown>>;

/**
 * A policy that a release takes.
 * @throws {InvalidPolicy} in RabbitMQ's words, for one that it refuses
 */
export function checkPolicy(proposal: PolicyProposal, release: Release): Policy {
  const { pattern, applyTo, priority, definition } = proposal;
  const known = applyToOf(release);
  const to = known.find((one) => one === applyTo);
  if (to === undefined) {
    const should = known.length > 3
      ? "one of: 'queues', 'classic_queues',  'quorum_queues', 'streams', 'exchanges', or 'all'"
      : "'queues', 'exchanges' or 'all'";
    const text = `apply-to '${applyTo}' unrecognised; should be ${should}`;
    throw new InvalidPolicy(text);
  }
  if (typeof priority !== "number") {
    throw new InvalidPolicy(`priority should be a number, actually was ${termOf(priority)}`);
  }
  return {
    pattern: checkPattern(pattern),
    applyTo: to,
    priority,
    definition: checkDefinition(definition, release),
  };
}

function checkPattern(pattern: unknown): string {
  if (typeof pattern !== "string") {
    throw new InvalidPolicy(`pattern should be a binary but was ${termOf(pattern)}`);
  }
  try {
    new RegExp(pattern);
  } catch (error) {
    const { message } = error as Error;
    throw new InvalidPolicy(`pattern should be regular expression but is invalid: ${message}`);
  }
  return pattern;
}

function checkDefinition(definition: unknown, release: Release): Policy["definition"] {
  if (definition === null || typeof definition !== "object" || Array.isArray(definition)) {
    throw new InvalidPolicy("definition should be an object");
  }
  const entries = Object.entries(definition);
  if (entries.length === 0) throw new InvalidPolicy("no policy provided");
  const keys = policyKeysOf(release);
  const unknown = entries.filter(([key]) => !Object.hasOwn(keys, key));
  if (unknown.length > 0) {
    const listed = unknown.map(([key, value]) => `{<<"${key}">>,${termOf(value)}}`).join(",");
    throw new InvalidPolicy(`[${listed}] are not recognised policy settings`);
  }
  for (const [name, value] of entries) {
    const { isValid, what } = keys[name]!;
    if (!isValid(value)) throw new InvalidPolicy(`${termOf(value)} is not a valid ${what}`);
  }
  return Object.fromEntries(entries);
}

/** A value as Erlang writes it. */
function termOf(value: unknown): string {
  return typeof value === "string" ? `<<"${value}">>` : `${JSON.stringify(value)}`;
}
