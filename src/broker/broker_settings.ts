import type { UserOptions } from "./access/user.ts";
import { machineMemoryBytes } from "./machine_memory.ts";
import { DEFAULT_RELEASE, type DeniableFeature, type ReleaseName } from "./release.ts";

/** RabbitMQ's consumer_timeout: half an hour. */
const CONSUMER_TIMEOUT_MS = 30 * 60 * 1000;
/** RabbitMQ's vm_memory_high_watermark: 40 % of the memory there is. */
const MEMORY_SHARE = 0.4;

/** What the broker is told at its start. */
export interface BrokerSettings {
  /** Directory for durable things; undefined keeps all in memory, and it is gone at the end. */
  readonly dataDirectory: string | undefined;
  /** Go on where confirmed work is missing there; default false. */
  readonly acceptDamage: boolean;
  /**
   * Who is there, whatever was changed while the broker ran before; with nobody named, `guest` with
   * password `guest` and all permissions, unless that was changed.
   */
  readonly users: readonly UserOptions[];
  /** Which are there, besides those that were left and `/`, unless it was deleted. */
  readonly vhosts: readonly string[];
  /** The release of RabbitMQ to behave as; default 4.3. */
  readonly release: ReleaseName;
  /** Deprecated features to refuse, as an operator of RabbitMQ may; default none. */
  readonly denied: readonly DeniableFeature[];
  /** Longest a delivery may stay unacknowledged, in ms; default 30 minutes. */
  readonly consumerTimeoutMs: number;
  /**
   * Clients may make the broker hold that much before publishers are blocked, in octets; default
   * 40 % of what the machine has, or the control group may use.
   */
  readonly maxMemoryBytes: number;
  /** Report every method that clients send as an event; default false. */
  readonly traceMethods: boolean;
}

/** All settings, with defaults for those that were not given. */
export function withDefaults(given: Partial<BrokerSettings>): BrokerSettings {
  return {
    dataDirectory: given.dataDirectory,
    acceptDamage: given.acceptDamage ?? false,
    users: given.users ?? [],
    vhosts: given.vhosts ?? [],
    release: given.release ?? DEFAULT_RELEASE,
    denied: given.denied ?? [],
    consumerTimeoutMs: given.consumerTimeoutMs ?? CONSUMER_TIMEOUT_MS,
    maxMemoryBytes: given.maxMemoryBytes ?? machineMemoryBytes() * MEMORY_SHARE,
    traceMethods: given.traceMethods ?? false,
  };
}
