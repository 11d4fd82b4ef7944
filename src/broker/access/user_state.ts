import type { PasswordHash } from "./password_hash.ts";
import type { Permission } from "./permission.ts";

/** What a user is at a time, and may do. Names of virtual hosts are binary strings. */
export interface UserState {
  /** Undefined for one that cannot log in. */
  readonly password: PasswordHash | undefined;
  /** RabbitMQ's user tags. */
  readonly tags: readonly string[];
  /** Where no permission says otherwise, new virtual hosts included. */
  readonly everywhere: Permission | undefined;
  /** By virtual host; null for one that is not to be opened in spite of `everywhere`. */
  readonly permissions: ReadonlyMap<string, Permission | null>;
}

/** Somebody new, who may open no virtual host. */
export const STRANGER: UserState = {
  password: undefined,
  tags: [],
  everywhere: undefined,
  permissions: new Map(),
};

/** The user with a permission in a virtual host, in place of the one it had there. */
export function permitted(state: UserState, vhost: string, permission: Permission): UserState {
  return { ...state, permissions: new Map([...state.permissions, [vhost, permission]]) };
}

/** The user that may not open the virtual host. */
export function denied(state: UserState, vhost: string): UserState {
  if (state.everywhere === undefined) return forgotten(state, vhost);
  return { ...state, permissions: new Map([...state.permissions, [vhost, null]]) };
}

/** The virtual host is gone: what was said of it holds for no other of its name. */
export function forgotten(state: UserState, vhost: string): UserState {
  const others = [...state.permissions].filter(([name]) => name !== vhost);
  return { ...state, permissions: new Map(others) };
}
