import type { Route } from "./route.ts";

/** Direct exchange: the routing key equals the binding key (section 3.1.3.1). */
export class DirectRouter<R extends Route> {
  readonly #byKey = new Map<string, R[]>();

  bind(binding: R): void {
    const bindings = this.#byKey.get(binding.routingKey);
    if (bindings === undefined) this.#byKey.set(binding.routingKey, [binding]);
    else bindings.push(binding);
  }

  unbind(binding: R): void {
    const rest = (this.#byKey.get(binding.routingKey) ?? []).filter((other) => other !== binding);
    if (rest.length === 0) this.#byKey.delete(binding.routingKey);
    else this.#byKey.set(binding.routingKey, rest);
  }

  route(routingKey: string): readonly R[] {
    return this.#byKey.get(routingKey) ?? [];
  }
}
