import type { Route } from "./route.ts";

/** Fanout exchange: every binding matches (section 3.1.3.2). */
export class FanoutRouter<R extends Route> {
  readonly #bindings = new Set<R>();

  bind(binding: R): void {
    this.#bindings.add(binding);
  }

  unbind(binding: R): void {
    this.#bindings.delete(binding);
  }

  route(): Iterable<R> {
    return this.#bindings;
  }
}
