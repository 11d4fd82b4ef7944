import { Buffer } from "node:buffer";
import { PasswordHash } from "./password_hash.ts";
import { type Patterns, Permission } from "./permission.ts";
import type { UserState } from "./user_state.ts";
import { octetsOf } from "../wire/octets.ts";

/** A user and what it may do: patterns (regular expressions) of names, as in RabbitMQ. */
export interface UserOptions extends Partial<Patterns> {
  name: string;
  password: string;
  /** Virtual hosts it may open, with the same patterns in each; default all. */
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

/** A user, with a permission for each virtual host it may open. Names are binary strings. */
export class User {
  readonly name: string;
  /** It may change while the user is connected, and holds at once. */
  state: UserState;

  constructor(name: string, state: UserState) {
    this.name = name;
    this.state = state;
  }

  /** @throws {SyntaxError} when a pattern is no regular expression. */
  static from(options: UserOptions): User {
    const { tags = [], configure = ".*", write = ".*", read = ".*", vhosts } = options;
    const permission = new Permission({ configure, write, read });
    return new User(octetsOf(options.name), {
      password: PasswordHash.of(Buffer.from(options.password)),
      tags,
      everywhere: vhosts === undefined ? permission : undefined,
      permissions: new Map(vhosts?.map((vhost) => [octetsOf(vhost), permission])),
    });
  }

  get tags(): readonly string[] {
    return this.state.tags;
  }

  /**
   * Whether the user-id of its messages may be another's
   * (https://www.rabbitmq.com/docs/validated-user-id).
   */
  get impersonates(): boolean {
    return this.tags.includes("impersonator");
  }

  /** @param password a binary string */
  hasPassword(password: string): boolean {
    return this.state.password?.matches(Buffer.from(password, "latin1")) ?? false;
  }

  /** What it may do in a virtual host; undefined where it may not open it. */
  permissionIn(vhost: string): Permission | undefined {
    const permission = this.state.permissions.get(vhost);
    return permission === undefined ? this.state.everywhere : permission ?? undefined;
  }

  mayOpen(vhost: string): boolean {
    return this.permissionIn(vhost) !== undefined;
  }
}
