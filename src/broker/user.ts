import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { ChannelError } from "./wire/protocol_error.ts";

/** A user and what it may do: patterns (regular expressions) of names, as in RabbitMQ. */
export interface UserOptions {
  name: string;
  password: string;
  /** Virtual hosts it may open; default all. */
  vhosts?: readonly string[];
  /** What it may declare and delete; default all. */
  configure?: string;
  /** What it may publish to and bind; default all. */
  write?: string;
  /** What it may consume, get and purge, and bind from; default all. */
  read?: string;
  /** RabbitMQ's user tags; `impersonator` may publish in the name of others; default none. */
  tags?: readonly string[];
}

/** An operation that needs a permission. */
export type Operation = "configure" | "write" | "read";

/** A user with compiled permissions. Names are binary strings. */
export class User {
  readonly name: string;
  /**
   * Whether the user-id of its messages may be another's
   * (https://www.rabbitmq.com/docs/validated-user-id).
   */
  readonly impersonates: boolean;
  /** RabbitMQ's user tags. */
  readonly tags: readonly string[];
  readonly #password: Buffer;
  readonly #vhosts: ReadonlySet<string> | undefined;
  readonly #patterns: Record<Operation, RegExp>;
  readonly #given: Record<Operation, string>;

  /** @throws {SyntaxError} when a pattern is no regular expression. */
  constructor(options: UserOptions) {
    this.name = Buffer.from(options.name).toString("latin1");
    this.impersonates = options.tags?.includes("impersonator") ?? false;
    this.tags = options.tags ?? [];
    this.#password = Buffer.from(options.password);
    this.#vhosts = options.vhosts &&
      new Set(options.vhosts.map((name) => Buffer.from(name).toString("latin1")));
    const { configure = ".*", write = ".*", read = ".*" } = options;
    this.#given = { configure, write, read };
    this.#patterns = {
      configure: compile(configure),
      write: compile(write),
      read: compile(read),
    };
  }

  hasPassword(password: string): boolean {
    const given = Buffer.from(password, "latin1");
    return given.length === this.#password.length && timingSafeEqual(given, this.#password);
  }

  /** The pattern as it was given. */
  patternOf(operation: Operation): string {
    return this.#given[operation];
  }

  mayOpen(vhost: string): boolean {
    return this.#vhosts?.has(vhost) ?? true;
  }

  /** @throws {ChannelError} 403 when the user may not do that. */
  require(operation: Operation, kind: "queue" | "exchange", name: string, vhost: string): void {
    // The default exchange is known to permissions by this name.
    const resource = kind === "exchange" && name === "" ? "amq.default" : name;
    if (!this.#patterns[operation].test(resource)) throw this.#refusal(kind, resource, vhost);
  }

  /** @throws {ChannelError} 403 when the user may do nothing at all with that. */
  requireAny(kind: "queue" | "exchange", name: string, vhost: string): void {
    const may = Object.values(this.#patterns).some((pattern) => pattern.test(name));
    if (!may) throw this.#refusal(kind, name, vhost);
  }

  #refusal(kind: "queue" | "exchange", resource: string, vhost: string): ChannelError {
    return new ChannelError(
      "ACCESS_REFUSED",
      `access to ${kind} '${resource}' in vhost '${vhost}' refused for user '${this.name}'`,
    );
  }
}

function compile(pattern: string): RegExp {
  // As in RabbitMQ, the empty pattern matches no name but the empty one.
  return new RegExp(pattern === "" ? "^$" : pattern);
}
