import type { DurableDefinitions } from "./durable_store.ts";
import type { Binding, Destination, Exchange } from "./exchange.ts";
import { Queue } from "./queue.ts";

/**
 * The bindings of a virtual host, from both ends: the source routes by them, the destination is
 * known here.
 */
export class Bindings {
  readonly #incoming = new Map<Destination, Set<Binding>>();
  readonly #definitions: DurableDefinitions | undefined;
  readonly #onUnused: (exchange: Exchange) => void;

  /** @param onUnused an auto-delete exchange has lost its last binding */
  constructor(
    definitions: DurableDefinitions | undefined,
    onUnused: (exchange: Exchange) => void,
  ) {
    this.#definitions = definitions;
    this.#onUnused = onUnused;
  }

  /** Binds a queue or an exchange to an exchange; binding twice is binding once. */
  add(binding: Binding): void {
    if (!binding.source.bind(binding)) return;
    this.#note(binding);
    if (isDurable(binding)) this.#definitions?.addBinding(binding);
  }

  /** Puts back a binding that a store kept. */
  restore(binding: Binding): void {
    binding.source.bind(binding);
    this.#note(binding);
  }

  /** Removes a binding that is there. */
  remove(binding: Binding): void {
    const { source } = binding;
    if (!source.bindings.has(binding)) return;
    source.unbind(binding);
    this.#incoming.get(binding.destination)?.delete(binding);
    if (isDurable(binding)) this.#definitions?.removeBinding(binding);
    if (source.autoDelete && source.bindings.size === 0) this.#onUnused(source);
  }

  /** The destination goes, and the bindings to it. */
  removeAllTo(destination: Destination): void {
    const incoming = this.#incoming.get(destination);
    this.#incoming.delete(destination);
    for (const binding of incoming ?? []) this.remove(binding);
  }

  #note(binding: Binding): void {
    const incoming = this.#incoming.get(binding.destination);
    if (incoming === undefined) this.#incoming.set(binding.destination, new Set([binding]));
    else incoming.add(binding);
  }
}

function isDurable({ source, destination }: Binding): boolean {
  if (destination instanceof Queue) return source.durable && destination.storeId !== 0;
  return source.durable && destination.durable;
}
