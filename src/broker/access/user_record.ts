import { PasswordHash } from "./password_hash.ts";
import { type Patterns, Permission } from "./permission.ts";
import type { UserState } from "./user_state.ts";

/** A user as it is kept: JSON. */
export interface UserRecord {
  readonly passwordHash: string;
  readonly algorithm: string | null;
  readonly tags: readonly string[];
  readonly everywhere: Patterns | null;
  readonly permissions: readonly (readonly [vhost: string, patterns: Patterns | null])[];
}

export function recordOf({ password, tags, everywhere, permissions }: UserState): UserRecord {
  return {
    passwordHash: password?.text ?? "",
    algorithm: password?.algorithm ?? null,
    tags,
    everywhere: everywhere?.patterns ?? null,
    permissions: [...permissions].map(([vhost, one]) => [vhost, one?.patterns ?? null]),
  };
}

/** @throws {Error} when the record cannot be used */
export function stateOf(record: UserRecord): UserState {
  const { passwordHash, algorithm, tags, everywhere, permissions } = record;
  const compiled = (patterns: Patterns | null) => patterns && new Permission(patterns);
  return {
    password: PasswordHash.parse(passwordHash, algorithm ?? undefined),
    tags,
    everywhere: compiled(everywhere) ?? undefined,
    permissions: new Map(permissions.map(([vhost, patterns]) => [vhost, compiled(patterns)])),
  };
}
