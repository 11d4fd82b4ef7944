import type { DurableSettings, SettingKey } from "./durable_settings.ts";

/** Values by name that RabbitMQ keeps for a cluster and its plug-ins; kept, without effect. */
export class GlobalParameters implements Iterable<readonly [name: string, value: unknown]> {
  readonly #settings: DurableSettings | undefined;
  readonly #values = new Map<string, unknown>();

  constructor(settings: DurableSettings | undefined) {
    this.#settings = settings;
  }

  /** Takes what was kept. */
  restore(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  /** In the order of their names, which are binary strings. */
  [Symbol.iterator](): Iterator<readonly [name: string, value: unknown]> {
    return [...this.#values].sort(([a], [b]) => a < b ? -1 : 1)[Symbol.iterator]();
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  /** @throws {ConnectionError} 541 */
  put(name: string, value: unknown): void {
    this.#settings?.put(keyOf(name), value);
    this.#values.set(name, value);
  }

  /** @throws {ConnectionError} 541 */
  delete(name: string): void {
    this.#settings?.remove(keyOf(name));
    this.#values.delete(name);
  }
}

function keyOf(name: string): SettingKey {
  return { kind: "global_parameter", vhost: "", name };
}
