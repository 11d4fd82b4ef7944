import type { Binding } from "../binding.ts";

/** Direct exchange: the routing key equals the binding key (section 3.1.3.1). */
export class DirectRouter {
  readonly #byKey = new Map<string, Binding[]>();

  bind(binding: Binding): void {
    const bindings = this.#byKey.get(binding.routingKey);
    if (bindings === undefined) this.#byKey.set(binding.routingKey, [binding]);
    else bindings.push(binding);
  }

  unbind(binding: Binding): void {
    const rest = (this.#byKey.get(binding.routingKey) ?? []).filter((other) => other !== binding);
    if (rest.length === 0) this.#byKey.delete(binding.routingKey);
    else this.#byKey.set(binding.routingKey, rest);
  }

  route(routingKey: string): readonly Binding[] {
    return this.#byKey.get(routingKey) ?? [];
  }
}
