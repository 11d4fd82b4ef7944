import type { Release } from "../release.ts";
import { ChannelError } from "../wire/protocol_error.ts";
import type { MemoryGuard } from "../memory_guard.ts";
import { exchangeBytes } from "./definition_bytes.ts";
import type { DurableDefinitions } from "./durable_store.ts";
import { Exchange, type ExchangeDeclaration, PREDECLARED_EXCHANGES } from "./exchange.ts";

/** What exchanges need of the broker. */
export interface ExchangeTableContext {
  readonly release: Release;
  readonly memory: MemoryGuard;
  readonly definitions: DurableDefinitions | undefined;
  /** It is gone, and its bindings are to go. */
  dropped(exchange: Exchange): void;
}

/** The exchanges of a virtual host. */
export class ExchangeTable implements Iterable<Exchange> {
  /** By name. */
  readonly byName = new Map<string, Exchange>();
  readonly #vhost: string;
  readonly #context: ExchangeTableContext;

  constructor(vhost: string, context: ExchangeTableContext) {
    this.#vhost = vhost;
    this.#context = context;
    for (const [exchange, type, internal = false] of PREDECLARED_EXCHANGES) {
      const rest = { durable: true, autoDelete: false, internal, arguments: new Map() };
      this.byName.set(exchange, this.#new({ name: exchange, type, ...rest }));
    }
  }

  [Symbol.iterator](): Iterator<Exchange> {
    return this.byName.values();
  }

  #new(declaration: ExchangeDeclaration): Exchange {
    return new Exchange(this.#vhost, declaration, this.#context.release);
  }

  #add(exchange: Exchange): void {
    this.byName.set(exchange.name, exchange);
    this.#context.memory.accountDefinitions(exchangeBytes(exchange));
  }

  /** Declares an exchange. @throws {ChannelError} 403 reserved name, 406 inequivalent. */
  declare(declaration: ExchangeDeclaration): Exchange {
    const current = this.byName.get(declaration.name);
    const exchange = this.#new(declaration);
    if (current !== undefined) {
      current.requireEquivalent(declaration);
      return current;
    }
    if (declaration.name.startsWith("amq.")) {
      throw new ChannelError(
        "ACCESS_REFUSED",
        `exchange name '${declaration.name}' contains reserved prefix 'amq.*'`,
      );
    }
    this.#context.memory.requireRoom();
    if (exchange.durable) this.#context.definitions?.addExchange(exchange);
    this.#add(exchange);
    return exchange;
  }

  /** Puts back a durable exchange that a store kept. */
  restore(declaration: ExchangeDeclaration): void {
    this.#add(this.#new(declaration));
  }

  /**
   * Deletes an exchange with its bindings. @throws {ChannelError} 403 system exchange, 406 in use.
   */
  delete(name: string, ifUnused: boolean): void {
    if (name.startsWith("amq.")) {
      throw new ChannelError(
        "ACCESS_REFUSED",
        `deletion of system exchange '${name}' in vhost '${this.#vhost}' not allowed`,
      );
    }
    const exchange = this.byName.get(name);
    if (exchange === undefined) return;
    if (ifUnused && exchange.bindingCount > 0) {
      // Rule (exchange.delete, "if-unused"): an exchange with bindings is in use.
      throw new ChannelError("PRECONDITION_FAILED", `${exchange.title} in use`);
    }
    this.drop(exchange);
  }

  /** Removes an exchange, whoever uses it. */
  drop(exchange: Exchange): void {
    if (!this.byName.delete(exchange.name)) return;
    this.#context.memory.accountDefinitions(-exchangeBytes(exchange));
    this.#context.dropped(exchange);
    if (exchange.durable) this.#context.definitions?.removeExchange(exchange);
  }
}
