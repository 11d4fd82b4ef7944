import type { Broker } from "../broker.ts";
import type { VHost } from "../model/vhost.ts";
import { notFound } from "./api_error.ts";
import type { Asker } from "./asker.ts";
import type { HttpAnswer } from "./http_answer.ts";
import type { JsonBody } from "./json_body.ts";

/** What a resource is asked with. */
export interface Query {
  readonly broker: Broker;
  readonly asker: Asker;
  /** What the variable segments of the path are, as binary strings. */
  readonly names: readonly string[];
  /** Behind the `?`. */
  readonly parameters: URLSearchParams;
  /** Header fields, by names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What a resource is changed with. */
export interface Change extends Query {
  readonly body: JsonBody;
}

/** Changes something. @throws {ApiError | ChannelError | ConnectionError} as the method says */
type Changing<Asked extends Query> = (asked: Asked) => HttpAnswer | Promise<HttpAnswer>;

/** One path of the API, with what can be done there. */
export interface Route {
  /** Segments after `api`, or those of `metrics`; `*` is a variable one. */
  readonly path: string;
  /** Who may ask; default all who have any of RabbitMQ's management tags. */
  readonly needs?: "monitoring" | "administrator" | "policymaker";
  /** The list that `get` gives is told in pages, if asked for. */
  readonly paged?: boolean;
  /** @returns the body; undefined where there is no such object */
  readonly get?: (query: Query) => unknown;
  readonly put?: Changing<Change>;
  readonly post?: Changing<Change>;
  readonly delete?: Changing<Query>;
}

export const CREATED: HttpAnswer = { status: 201 };
export const NO_CONTENT: HttpAnswer = { status: 204 };
/** There is no such object. */
export const NOT_FOUND: HttpAnswer = {
  status: 404,
  body: { error: "Object Not Found", reason: "Not Found" },
};

/** Methods that a path answers, as `Allow` tells them. */
export function allowed({ get, put, post, delete: remove }: Route): string {
  const methods = [
    ...get ? ["HEAD", "GET"] : [],
    ...put ? ["PUT"] : [],
    ...post ? ["POST"] : [],
    ...remove ? ["DELETE"] : [],
    "OPTIONS",
  ];
  return methods.join(", ");
}

/** May not be seen by who asks. */
export class NotAuthorised extends Error {}

/**
 * The virtual host that the first variable segment names; undefined where there is none.
 * @throws {NotAuthorised | ApiError}
 */
export function vhostOf({ broker, asker, names }: Query): VHost | undefined {
  const vhost = broker.vhost(names[0]!);
  if (vhost !== undefined && !asker.maySee(vhost.name)) {
    if (broker.release.closedVhostByHttp === "not found") throw notFound("Not Found");
    throw new NotAuthorised("User not authorised to access virtual host");
  }
  return vhost;
}

/** The virtual host in which something is made. @throws {NotAuthorised | ApiError} */
export function requiredVHost(query: Query): VHost {
  const vhost = vhostOf(query);
  if (vhost === undefined) throw notFound("vhost_not_found");
  return vhost;
}

/** Whether the path leads to the route, and what its variable segments are. */
export function match(route: Route, path: readonly string[]): string[] | undefined {
  const wanted = route.path.split("/");
  if (wanted.length !== path.length) return undefined;
  if (!wanted.every((segment, at) => segment === "*" || segment === path[at])) return undefined;
  return path.filter((_, at) => wanted[at] === "*");
}
