import { octetsOf } from "../wire/octets.ts";

/** An operation that needs a permission. */
export type Operation = "configure" | "write" | "read";

/** Patterns (regular expressions) of names, as RabbitMQ's permissions have them. */
export type Patterns = Readonly<Record<Operation, string>>;

const OPERATIONS: readonly Operation[] = ["configure", "write", "read"];

/** What a user may do in a virtual host: patterns of names, compiled. */
export class Permission {
  readonly patterns: Patterns;
  readonly #compiled: Record<Operation, RegExp>;

  /** @throws {SyntaxError} when a pattern is no regular expression. */
  constructor(patterns: Patterns) {
    const { configure, write, read } = patterns;
    this.patterns = { configure, write, read };
    this.#compiled = {
      configure: compile(configure),
      write: compile(write),
      read: compile(read),
    };
  }

  /** @param name a binary string */
  allows(operation: Operation, name: string): boolean {
    return this.#compiled[operation].test(name);
  }

  allowsAny(name: string): boolean {
    return OPERATIONS.some((operation) => this.allows(operation, name));
  }
}

function compile(pattern: string): RegExp {
  // As in RabbitMQ, the empty pattern matches no name but the empty one, and octets are compared.
  return new RegExp(pattern === "" ? "^$" : octetsOf(pattern));
}
