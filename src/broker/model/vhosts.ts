import type { DurableSettings, SettingKey } from "../durable_settings.ts";
import { VHost } from "./vhost.ts";
import type { VHostContext } from "./vhost_context.ts";
import { NO_METADATA, type VHostMetadata } from "./vhost_metadata.ts";

/** Which is there unless it was deleted. */
const DEFAULT_VHOST = "/";
const DEFAULT_METADATA = { ...NO_METADATA, description: "Default virtual host" };

/** The virtual hosts of the broker: those that are named at its start, and those that were left. */
export class VHosts implements Iterable<VHost> {
  readonly #context: VHostContext;
  readonly #settings: DurableSettings | undefined;
  readonly #vhosts = new Map<string, VHost>();
  /** The default one was deleted, and does not come back by itself. */
  #defaultIsGone = false;

  constructor(context: VHostContext, settings: DurableSettings | undefined) {
    this.#context = context;
    this.#settings = settings;
  }

  /** The virtual host of a name (a binary string), made where it is missing. */
  named(name: string): VHost {
    const found = this.#vhosts.get(name);
    if (found !== undefined) return found;
    const vhost = new VHost(name, this.#context);
    this.#vhosts.set(name, vhost);
    return vhost;
  }

  /** Takes what was kept; null for one that was deleted. */
  restore(name: string, metadata: VHostMetadata | null): void {
    if (metadata === null) this.#defaultIsGone = true;
    else this.named(name).metadata = metadata;
  }

  /** All was restored. */
  addDefault(): void {
    if (this.#defaultIsGone) return;
    const vhost = this.named(DEFAULT_VHOST);
    if (vhost.metadata === NO_METADATA) vhost.metadata = DEFAULT_METADATA;
  }

  /** In the order of their names. */
  [Symbol.iterator](): Iterator<VHost> {
    return [...this.#vhosts.values()].sort((a, b) => a.name < b.name ? -1 : 1)[Symbol.iterator]();
  }

  get(name: string): VHost | undefined {
    return this.#vhosts.get(name);
  }

  /** Adds a virtual host, or changes what is said of it. @throws {ConnectionError} 541 */
  put(name: string, change: Partial<VHostMetadata>): VHost {
    const metadata = { ...this.#vhosts.get(name)?.metadata ?? NO_METADATA, ...change };
    this.#settings?.put(keyOf(name), metadata);
    const vhost = this.named(name);
    vhost.metadata = metadata;
    return vhost;
  }

  /**
   * Deletes a virtual host and all in it.
   * @param leave lets its clients go, once it is gone from the disk
   * @throws {ConnectionError} 541 when the disk refuses it; nothing has happened then
   */
  delete(vhost: VHost, leave: () => void): void {
    const { name } = vhost;
    this.#settings?.together(() => {
      this.#settings!.removeVHost(name);
      if (name === DEFAULT_VHOST) this.#settings!.put(keyOf(name), null);
    });
    this.#vhosts.delete(name);
    leave();
    vhost.clear();
  }
}

function keyOf(name: string): SettingKey {
  return { kind: "vhost", vhost: "", name };
}
