import type { Binding } from "../binding.ts";

/** Fanout exchange: every binding matches (section 3.1.3.2). */
export class FanoutRouter {
  #bindings: Binding[] = [];

  bind(binding: Binding): void {
    this.#bindings.push(binding);
  }

  unbind(binding: Binding): void {
    this.#bindings = this.#bindings.filter((other) => other !== binding);
  }

  route(): readonly Binding[] {
    return this.#bindings;
  }
}
