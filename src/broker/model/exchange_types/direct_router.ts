import type { Route } from "./route.ts";

/** Direct exchange: the routing key equals the binding key (section 3.1.3.1). */
export class DirectRouter<R extends Route> {
  readonly #byKey = new Map<string, Set<R>>();

  bind(binding: R): void {
    const bindings = this.#byKey.get(binding.routingKey);
    if (bindings === undefined) this.#byKey.set(binding.routingKey, new Set([binding]));
    else bindings.add(binding);
  }

  unbind(binding: R): void {
    const bindings = this.#byKey.get(binding.routingKey);
    if (bindings?.delete(binding) && bindings.size === 0) this.#byKey.delete(binding.routingKey);
  }

  route(routingKey: string): Iterable<R> {
    return this.#byKey.get(routingKey) ?? [];
  }
}
