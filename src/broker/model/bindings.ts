import type { DurableDefinitions } from "./durable_store.ts";
import type { Binding, Destination, Exchange } from "./exchange.ts";
import { Queue } from "./queue.ts";

/** What becomes of bindings. */
export interface BindingsWatcher {
  /** An auto-delete exchange has lost its last binding. */
  unused(exchange: Exchange): void;
  /** One more, or one less. */
  counted(binding: Binding, sign: 1 | -1): void;
}

/**
 * The bindings of a virtual host, from both ends: the source routes by them, the destination is
 * known here.
 */
export class Bindings {
  readonly #incoming = new Map<Destination, Set<Binding>>();
  readonly #definitions: DurableDefinitions | undefined;
  readonly #watcher: BindingsWatcher;
  /** Auto-delete exchanges that have lost their last binding and are still there. */
  readonly #unused = new Set<Exchange>();
  #dropping = false;

  constructor(
    definitions: DurableDefinitions | undefined,
    watcher: BindingsWatcher,
  ) {
    this.#definitions = definitions;
    this.#watcher = watcher;
  }

  /**
   * Binds a queue or an exchange to an exchange; binding twice is binding once.
   * @throws {ChannelError} 406 for what the source cannot match by.
   */
  add(binding: Binding): void {
    const { source } = binding;
    source.requireMatchable(binding);
    if (source.find(binding) !== undefined) return;
    // First on disk: a store that refuses leaves no binding behind.
    if (isDurable(binding)) this.#definitions?.addBinding(binding);
    this.restore(binding);
  }

  /** Puts back a binding that a store kept. */
  restore(binding: Binding): void {
    binding.source.bind(binding);
    this.#note(binding);
  }

  /** Removes a binding that is there. */
  remove(binding: Binding): void {
    const { source, destination } = binding;
    this.#unbind(binding);
    this.#forget(destination, binding);
    if (isDurable(binding)) this.#definitions?.removeBinding(binding);
    this.#dropUnused([source]);
  }

  /** The destination goes, and the bindings to it. */
  removeAllTo(destination: Destination): void {
    const incoming = this.#incoming.get(destination) ?? [];
    this.#incoming.delete(destination);
    const sources = new Set<Exchange>();
    const durable = new Set<Exchange>();
    for (const binding of incoming) {
      const { source } = binding;
      this.#unbind(binding);
      sources.add(source);
      if (isDurable(binding)) durable.add(source);
    }
    for (const source of durable) this.#definitions?.removeBindings(source, destination);
    this.#dropUnused(sources);
  }

  /** The source goes, and the bindings from it. */
  removeAllFrom(source: Exchange): void {
    for (const binding of source.bindings) {
      this.#unbind(binding);
      this.#forget(binding.destination, binding);
    }
    if (source.durable) this.#definitions?.removeBindings(source);
  }

  /** Exchanges that go take others with them: a list of what is to do, however many they are. */
  #dropUnused(sources: Iterable<Exchange>): void {
    for (const source of sources) {
      if (source.autoDelete && source.bindingCount === 0) this.#unused.add(source);
    }
    if (this.#dropping) return;
    this.#dropping = true;
    try {
      for (const exchange of this.#unused) this.#watcher.unused(exchange);
    } finally {
      this.#unused.clear();
      this.#dropping = false;
    }
  }

  #unbind(binding: Binding): void {
    binding.source.unbind(binding);
    this.#watcher.counted(binding, -1);
  }

  #forget(destination: Destination, binding: Binding): void {
    const incoming = this.#incoming.get(destination);
    if (incoming?.delete(binding) && incoming.size === 0) this.#incoming.delete(destination);
  }

  #note(binding: Binding): void {
    this.#watcher.counted(binding, 1);
    const incoming = this.#incoming.get(binding.destination);
    if (incoming === undefined) this.#incoming.set(binding.destination, new Set([binding]));
    else incoming.add(binding);
  }
}

function isDurable({ source, destination }: Binding): boolean {
  if (destination instanceof Queue) return source.durable && destination.storeId !== 0;
  return source.durable && destination.durable;
}
