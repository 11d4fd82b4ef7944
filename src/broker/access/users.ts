import type { DurableSettings, SettingKey } from "../durable_settings.ts";
import type { Permission } from "./permission.ts";
import { User, type UserOptions } from "./user.ts";
import { recordOf, stateOf, type UserRecord } from "./user_record.ts";
import { denied, forgotten, permitted, STRANGER, type UserState } from "./user_state.ts";

/** Who is there unless users are named, or it was deleted. */
const DEFAULT_USER: UserOptions = {
  name: "guest",
  password: "guest",
  tags: ["administrator"],
};

/**
 * The users of the broker. Those that are named at its start are as they are named there; others
 * are as they were left.
 */
export class Users implements Iterable<User> {
  readonly #settings: DurableSettings | undefined;
  readonly #users = new Map<string, User>();
  readonly #named: ReadonlySet<string>;
  /** The default user, as long as nothing was said about it. */
  #default: User | undefined;
  /** The default user was deleted, and does not come back. */
  #defaultIsGone = false;

  /** @param named empty for the default user */
  constructor(named: readonly UserOptions[], settings: DurableSettings | undefined) {
    this.#settings = settings;
    for (const options of named) this.#add(User.from(options));
    this.#named = new Set(this.#users.keys());
  }

  #add(user: User): User {
    this.#users.set(user.name, user);
    return user;
  }

  /** Takes what was kept; null for who was deleted. @throws {Error} when it cannot be used */
  restore(name: string, record: UserRecord | null): void {
    if (record === null) this.#defaultIsGone = true;
    else if (!this.#named.has(name)) this.#add(new User(name, stateOf(record)));
  }

  /** All was restored. */
  addDefault(): void {
    if (this.#named.size > 0 || this.#defaultIsGone || this.#users.has(DEFAULT_USER.name)) return;
    this.#default = this.#add(User.from(DEFAULT_USER));
  }

  /** Others are imported: as in RabbitMQ, they are there instead of the default user. */
  dropDefault(): void {
    if (this.#default !== undefined) this.#users.delete(this.#default.name);
  }

  /** In the order of their names. */
  [Symbol.iterator](): Iterator<User> {
    return [...this.#users.values()].sort((a, b) => a.name < b.name ? -1 : 1)[Symbol.iterator]();
  }

  /** @param name a binary string */
  get(name: string): User | undefined {
    return this.#users.get(name);
  }

  /** Whether the user is named at the start, whatever was left. */
  isNamed(name: string): boolean {
    return this.#named.has(name);
  }

  /** Adds a user without permissions, or changes one. @throws {ConnectionError} 541 */
  put(name: string, identity: Pick<UserState, "password" | "tags">): void {
    const user = this.#users.get(name) ?? new User(name, STRANGER);
    this.#change(user, { ...user.state, ...identity });
    this.#add(user);
  }

  /** @throws {ConnectionError} 541 */
  permit(user: User, vhost: string, permission: Permission): void {
    this.#change(user, permitted(user.state, vhost, permission));
  }

  /** It may not open the virtual host any more. @throws {ConnectionError} 541 */
  deny(user: User, vhost: string): void {
    this.#change(user, denied(user.state, vhost));
  }

  /** A virtual host goes. @throws {ConnectionError} 541 */
  forget(vhost: string): void {
    for (const user of this.#users.values()) {
      if (user.state.permissions.has(vhost)) this.#change(user, forgotten(user.state, vhost));
    }
  }

  /** What cannot be kept does not hold. */
  #change(user: User, state: UserState): void {
    this.#settings?.put(keyOf(user.name), recordOf(state));
    if (user === this.#default) this.#default = undefined;
    user.state = state;
  }

  /** @throws {ConnectionError} 541 */
  delete({ name }: User): void {
    if (name === DEFAULT_USER.name) this.#settings?.put(keyOf(name), null);
    else this.#settings?.remove(keyOf(name));
    this.#users.delete(name);
  }
}

function keyOf(name: string): SettingKey {
  return { kind: "user", vhost: "", name };
}
