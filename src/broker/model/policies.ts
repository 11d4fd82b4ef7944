import type { DurableSettings, SettingKey } from "../durable_settings.ts";
import type { Release } from "../release.ts";
import type { ApplyTo, NamedPolicy, Policy } from "./policy.ts";
import { policyKeysOf } from "./policy_keys.ts";
import { octetsOf } from "../wire/octets.ts";

/** What a policy looks at. */
interface PolicyTarget {
  readonly name: string;
  readonly quorum: boolean;
}

/** What policies need of their virtual host. */
export interface PoliciesContext {
  readonly release: Release;
  readonly settings: DurableSettings | undefined;
  /** Other policies may apply now. */
  changed(): void;
}

/** The policies of a virtual host. */
export class Policies implements Iterable<NamedPolicy> {
  readonly #vhost: string;
  readonly #context: PoliciesContext;
  readonly #policies = new Map<string, { policy: NamedPolicy; pattern: RegExp }>();

  constructor(vhost: string, context: PoliciesContext) {
    this.#vhost = vhost;
    this.#context = context;
  }

  /** In the order of their names. */
  [Symbol.iterator](): Iterator<NamedPolicy> {
    return [...this.#policies.values()].map(({ policy }) => policy)
      .sort((a, b) => a.name < b.name ? -1 : 1)[Symbol.iterator]();
  }

  get(name: string): NamedPolicy | undefined {
    return this.#policies.get(name)?.policy;
  }

  /** Takes what was kept. @throws {Error} when it cannot be used */
  restore(name: string, policy: Policy): void {
    const pattern = new RegExp(octetsOf(policy.pattern));
    this.#policies.set(name, { policy: { ...policy, name }, pattern });
  }

  /** Adds a policy, or replaces it. @throws {ConnectionError} 541 */
  put(name: string, policy: Policy): void {
    this.#context.settings?.put(this.#key(name), policy);
    this.restore(name, policy);
    this.#context.changed();
  }

  /** @throws {ConnectionError} 541 */
  delete(name: string): void {
    this.#context.settings?.remove(this.#key(name));
    this.#policies.delete(name);
    this.#context.changed();
  }

  #key(name: string): SettingKey {
    return { kind: "policy", vhost: this.#vhost, name };
  }

  /** The one that applies: of the highest priority, and among equals the first by name. */
  of(target: PolicyTarget): NamedPolicy | undefined {
    let found: NamedPolicy | undefined;
    for (const { policy, pattern } of this.#policies.values()) {
      if (!pattern.test(target.name) || !this.#suits(policy, target)) continue;
      const isFirst = found === undefined || policy.priority > found.priority ||
        (policy.priority === found.priority && policy.name < found.name);
      if (isFirst) found = policy;
    }
    return found;
  }

  /** A policy with a key that a queue's type does not have leaves it alone. */
  #suits({ applyTo, definition }: Policy, { quorum }: PolicyTarget): boolean {
    const keys = policyKeysOf(this.#context.release);
    return meansQueues(applyTo, quorum) &&
      Object.keys(definition).every((key) => keys[key]?.[quorum ? "quorum" : "classic"] ?? true);
  }
}

function meansQueues(applyTo: ApplyTo, quorum: boolean): boolean {
  if (applyTo === "all" || applyTo === "queues") return true;
  return applyTo === (quorum ? "quorum_queues" : "classic_queues");
}
