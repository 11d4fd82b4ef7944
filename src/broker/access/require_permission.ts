import type { Release } from "../release.ts";
import { ChannelError } from "../wire/protocol_error.ts";
import type { Operation } from "./permission.ts";
import type { User } from "./user.ts";

/** Who wants something, and where. */
export interface Petitioner {
  readonly user: User;
  readonly vhost: { readonly name: string };
  readonly broker: { readonly release: Release };
}

/** @throws {ChannelError} 403 when the user may not do that; with "any", nothing at all with it */
export function requirePermission(
  { user, vhost, broker }: Petitioner,
  operation: Operation | "any",
  kind: "queue" | "exchange",
  name: string,
): void {
  // The default exchange is known to permissions by this name.
  const resource = kind === "exchange" && name === "" ? "amq.default" : name;
  const permission = user.permissionIn(vhost.name);
  const allowed = operation === "any"
    ? permission?.allowsAny(resource)
    : permission?.allows(operation, resource);
  if (allowed) return;
  const named = operation === "any" ? "configure" : operation; // the first that was looked at
  throw new ChannelError(
    "ACCESS_REFUSED",
    `${broker.release.refusalNamesOperation ? `${named} ` : ""}access to ${kind} '${resource}' ` +
      `in vhost '${vhost.name}' refused for user '${user.name}'`,
  );
}
