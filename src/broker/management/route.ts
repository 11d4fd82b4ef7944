import type { Broker } from "../broker.ts";
import type { VHost } from "../model/vhost.ts";
import type { Asker } from "./asker.ts";

/** What a resource is asked with. */
export interface Query {
  readonly broker: Broker;
  readonly asker: Asker;
  /** What the variable segments of the path are, as binary strings. */
  readonly names: readonly string[];
  /** Behind the `?`. */
  readonly parameters: URLSearchParams;
}

/** One path of the API, which is asked by GET. */
export interface Route {
  /** Segments after `api`, or those of `metrics`; `*` is a variable one. */
  readonly path: string;
  /** Who may ask; default all who have any of RabbitMQ's management tags. */
  readonly needs?: "monitoring" | "administrator";
  /** @returns the body; undefined where there is no such object */
  readonly get: (query: Query) => unknown;
}

/** May not be seen by who asks. */
export class NotAuthorised extends Error {}

/**
 * The virtual host that the first variable segment names; undefined where there is none.
 * @throws {NotAuthorised}
 */
export function vhostOf({ broker, asker, names }: Query): VHost | undefined {
  const vhost = broker.vhost(names[0]!);
  if (vhost !== undefined && !asker.maySee(vhost.name)) {
    throw new NotAuthorised("User not authorised to access virtual host");
  }
  return vhost;
}

/** Whether the path leads to the route, and what its variable segments are. */
export function match(route: Route, path: readonly string[]): string[] | undefined {
  const wanted = route.path.split("/");
  if (wanted.length !== path.length) return undefined;
  if (!wanted.every((segment, at) => segment === "*" || segment === path[at])) return undefined;
  return path.filter((_, at) => wanted[at] === "*");
}
