import { Buffer } from "node:buffer";
import { ChannelError } from "../wire/protocol_error.ts";
import { PasswordHash } from "./password_hash.ts";
import { type Operation, type Patterns, Permission } from "./permission.ts";

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

/** How a user proves who it is, and what it is: this may change while it is connected. */
export interface UserIdentity {
  /** Undefined for one that cannot log in. */
  readonly password: PasswordHash | undefined;
  /** RabbitMQ's user tags. */
  readonly tags: readonly string[];
}

/** A user with a permission for each virtual host it may open. Names are binary strings. */
export class User {
  readonly name: string;
  #identity: UserIdentity;
  /** By virtual host; null for one that is not to be opened in spite of `everywhere`. */
  readonly #permissions = new Map<string, Permission | null>();
  /** Where no permission says otherwise, new virtual hosts included. */
  #everywhere: Permission | undefined;

  constructor(name: string, identity: UserIdentity) {
    this.name = name;
    this.#identity = identity;
  }

  /** @throws {SyntaxError} when a pattern is no regular expression. */
  static from(options: UserOptions): User {
    const { tags = [], configure = ".*", write = ".*", read = ".*", vhosts } = options;
    const password = PasswordHash.of(Buffer.from(options.password));
    const user = new User(octets(options.name), { password, tags });
    const permission = new Permission({ configure, write, read });
    if (vhosts === undefined) user.#everywhere = permission;
    for (const vhost of vhosts ?? []) user.permit(octets(vhost), permission);
    return user;
  }

  get identity(): UserIdentity {
    return this.#identity;
  }

  set identity(identity: UserIdentity) {
    this.#identity = identity;
  }

  get tags(): readonly string[] {
    return this.#identity.tags;
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
    return this.#identity.password?.matches(Buffer.from(password, "latin1")) ?? false;
  }

  /** Sets what it may do in a virtual host. */
  permit(vhost: string, permission: Permission): void {
    this.#permissions.set(vhost, permission);
  }

  /** It may not open the virtual host any more. */
  deny(vhost: string): void {
    if (this.#everywhere === undefined) this.#permissions.delete(vhost);
    else this.#permissions.set(vhost, null);
  }

  /** The virtual host is gone: what was said of it holds for no other of its name. */
  forget(vhost: string): void {
    this.#permissions.delete(vhost);
  }

  /** What it may do in a virtual host; undefined where it may not open it. */
  permissionIn(vhost: string): Permission | undefined {
    const permission = this.#permissions.get(vhost);
    return permission === undefined ? this.#everywhere : permission ?? undefined;
  }

  mayOpen(vhost: string): boolean {
    return this.permissionIn(vhost) !== undefined;
  }

  /** @throws {ChannelError} 403 when the user may not do that. */
  require(operation: Operation, kind: "queue" | "exchange", name: string, vhost: string): void {
    // The default exchange is known to permissions by this name.
    const resource = kind === "exchange" && name === "" ? "amq.default" : name;
    if (this.permissionIn(vhost)?.allows(operation, resource)) return;
    throw this.#refusal(kind, resource, vhost);
  }

  /** @throws {ChannelError} 403 when the user may do nothing at all with that. */
  requireAny(kind: "queue" | "exchange", name: string, vhost: string): void {
    if (!this.permissionIn(vhost)?.allowsAny(name)) throw this.#refusal(kind, name, vhost);
  }

  #refusal(kind: "queue" | "exchange", resource: string, vhost: string): ChannelError {
    return new ChannelError(
      "ACCESS_REFUSED",
      `access to ${kind} '${resource}' in vhost '${vhost}' refused for user '${this.name}'`,
    );
  }
}

function octets(text: string): string {
  return Buffer.from(text).toString("latin1");
}
