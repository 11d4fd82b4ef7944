import { type Field, type FieldTable, integerOf } from "../wire/field_table.ts";
import type { Policy } from "./policy.ts";
import { octetsOf } from "../wire/octets.ts";

/** What holds where a queue's argument and its policy say something of the same. */
type Precedence = "lower" | "argument" | "policy" | "limit";

/** The keys that have an effect, and what holds for classic and quorum queues (tried on each). */
const PRECEDENCE: Readonly<Record<string, readonly [classic: Precedence, quorum: Precedence]>> = {
  "message-ttl": ["lower", "lower"],
  "expires": ["lower", "lower"],
  "max-length": ["lower", "lower"],
  "max-length-bytes": ["lower", "lower"],
  "overflow": ["argument", "policy"],
  "dead-letter-exchange": ["argument", "argument"],
  "dead-letter-routing-key": ["argument", "argument"],
  "delivery-limit": ["limit", "limit"],
};

/** The arguments of a queue, as if it had been declared with what its policy says. */
export function mergePolicy(
  table: FieldTable,
  { definition }: Policy,
  { quorum }: { readonly quorum: boolean },
): FieldTable {
  const merged = new Map(table);
  for (const [key, value] of Object.entries(definition)) {
    const precedence = PRECEDENCE[key]?.[quorum ? 1 : 0];
    if (precedence === undefined) continue;
    const argument = table.get(`x-${key}`);
    const field = fieldOf(value);
    const holds = argument === undefined || takesPolicy(precedence, argument, field);
    if (holds) merged.set(`x-${key}`, field);
  }
  return merged;
}

function takesPolicy(precedence: Precedence, argument: Field, policy: Field): boolean {
  if (precedence === "argument" || precedence === "policy") return precedence === "policy";
  const [own, others] = [integerOf(argument)!, integerOf(policy)!];
  // A negative delivery limit is none, and any limit holds against it.
  if (precedence === "limit" && (own < 0 || others < 0)) return others > own;
  return others < own;
}

function fieldOf(value: unknown): Field {
  return typeof value === "number"
    ? { type: "l", value: BigInt(value) }
    : { type: "S", value: octetsOf(String(value)) };
}

/** Whether a key of a definition means anything here; others are kept and told only. */
export function hasEffect(key: string): boolean {
  return Object.hasOwn(PRECEDENCE, key);
}
