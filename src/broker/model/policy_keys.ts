import type { Release } from "../release.ts";
import { LONGEST_DURATION_MS } from "./queue_arguments.ts";

/** A key of policies' definitions. */
interface PolicyKey {
  /** Queues of a type without it are left alone by the whole policy. */
  readonly classic: boolean;
  readonly quorum: boolean;
  readonly isValid: (value: unknown) => boolean;
  /** What a value that is not valid is not. */
  readonly what: string;
}

const isText = (value: unknown) => typeof value === "string";

function isInteger(lowest: number, highest = Infinity) {
  return (value: unknown) =>
    typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest;
}

function isOneOf(...values: readonly string[]) {
  return (value: unknown) => values.some((one) => one === value);
}

/** A key that is kept and told, and has no effect here. */
function kept(types: { classic: boolean; quorum: boolean }): PolicyKey {
  return { ...types, isValid: () => true, what: "" };
}

const BOTH = { classic: true, quorum: true };
const CLASSIC = { classic: true, quorum: false };
const QUORUM = { classic: false, quorum: true };
const NEITHER = { classic: false, quorum: false };

const keysOfReleases = new WeakMap<Release, Readonly<Record<string, PolicyKey>>>();

/** The keys that a release knows (tried on each). */
export function policyKeysOf(release: Release): Readonly<Record<string, PolicyKey>> {
  let keys = keysOfReleases.get(release);
  if (keys === undefined) keysOfReleases.set(release, keys = policyKeys(release));
  return keys;
}

const policyKeys = (release: Release): Record<string, PolicyKey> => ({
  "message-ttl": {
    ...BOTH,
    isValid: isInteger(0, LONGEST_DURATION_MS),
    what: "message TTL",
  },
  "expires": { ...BOTH, isValid: isInteger(1, LONGEST_DURATION_MS), what: "queue expiry" },
  "max-length": { ...BOTH, isValid: isInteger(0), what: "maximum length" },
  "max-length-bytes": { ...BOTH, isValid: isInteger(0), what: "maximum length in bytes" },
  "overflow": {
    ...BOTH,
    isValid: isOneOf("drop-head", "reject-publish", "reject-publish-dlx"),
    what: "overflow value",
  },
  "dead-letter-exchange": { ...BOTH, isValid: isText, what: "dead letter exchange name" },
  "dead-letter-routing-key": { ...BOTH, isValid: isText, what: "dead letter routing key" },
  "delivery-limit": {
    ...QUORUM,
    isValid: isInteger(release.negativeLimitIsNone ? -Infinity : 0),
    what: "delivery limit",
  },
  "dead-letter-strategy": kept(QUORUM),
  "max-in-memory-length": kept(QUORUM),
  "max-in-memory-bytes": kept(QUORUM),
  "queue-mode": kept(CLASSIC),
  "queue-version": kept(BOTH),
  "queue-leader-locator": kept(release.locatesClassicQueues ? BOTH : QUORUM),
  "alternate-exchange": kept(BOTH),
  "max-age": kept(NEITHER),
  "stream-max-segment-size-bytes": kept(NEITHER),
  "initial-cluster-size": kept(NEITHER),
  ...(release.name === "3.10" ? OF_3_10 : { "target-group-size": kept(QUORUM) }),
  ...(release.delayedRetry ? OF_4_3 : {}),
});

const OF_3_10 = {
  "ha-mode": kept(CLASSIC),
  "ha-params": kept(CLASSIC),
  "ha-sync-mode": kept(CLASSIC),
  "ha-sync-batch-size": kept(CLASSIC),
  "ha-promote-on-shutdown": kept(CLASSIC),
  "ha-promote-on-failure": kept(CLASSIC),
  "queue-master-locator": kept(CLASSIC),
};

const OF_4_3 = {
  "consumer-timeout": kept(BOTH),
  "consumer-disconnected-timeout": kept(BOTH),
  "delayed-retry-type": kept(BOTH),
  "delayed-retry-min": kept(BOTH),
  "delayed-retry-max": kept(BOTH),
};
