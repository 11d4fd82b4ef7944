import type { Route } from "./route.ts";

/** Fanout exchange: every binding matches (section 3.1.3.2). */
export class FanoutRouter<R extends Route> {
  #bindings: R[] = [];

  bind(binding: R): void {
    this.#bindings.push(binding);
  }

  unbind(binding: R): void {
    this.#bindings = this.#bindings.filter((other) => other !== binding);
  }

  route(): readonly R[] {
    return this.#bindings;
  }
}
