import { hostname } from "node:os";
import type { Socket } from "node:net";
import type { Broker } from "../broker.ts";
import { isLoopback } from "../connection/authentication.ts";
import { Asker, askerOf } from "./asker.ts";
import { BINDING_ROUTES } from "./bindings.ts";
import { BROKER_ROUTES } from "./broker_resources.ts";
import { CONNECTION_ROUTES } from "./connections.ts";
import { EXCHANGE_ROUTES } from "./exchanges.ts";
import { HEALTH_ROUTES, Unhealthy } from "./health_checks.ts";
import { type HttpAnswer, PlainText } from "./http_answer.ts";
import { HttpConnection } from "./http_connection.ts";
import type { HttpRequest } from "./http_request.ts";
import { QUEUE_ROUTES } from "./queues.ts";
import { selectColumns } from "./columns.ts";
import { METRIC_ROUTES } from "./metrics/metrics.ts";
import { ChannelError, ConnectionError } from "../wire/protocol_error.ts";
import { ApiError, apiError } from "./api_error.ts";
import { JsonBody } from "./json_body.ts";
import { pageOf, sorted } from "./list_view.ts";
import { allowed, match, NOT_FOUND, NotAuthorised, type Query, type Route } from "./route.ts";
import { PARAMETER_ROUTES } from "./parameters.ts";
import { PERMISSION_ROUTES } from "./permissions.ts";
import { POLICY_ROUTES } from "./policies.ts";
import { USER_ROUTES } from "./users.ts";
import { VHOST_ROUTES } from "./vhosts.ts";
import { DEFINITIONS_ROUTES } from "./definitions/definitions_routes.ts";
import { octetsOf } from "../wire/octets.ts";

const ROUTES: readonly Route[] = [
  ...BROKER_ROUTES,
  ...VHOST_ROUTES,
  ...USER_ROUTES,
  ...PERMISSION_ROUTES,
  ...POLICY_ROUTES,
  ...PARAMETER_ROUTES,
  ...DEFINITIONS_ROUTES,
  ...QUEUE_ROUTES,
  ...EXCHANGE_ROUTES,
  ...BINDING_ROUTES,
  ...CONNECTION_ROUTES,
  ...HEALTH_ROUTES,
];
/** Why who lacks a tag is refused. */
const LACKS = {
  administrator: "Not administrator user",
  monitoring: "Not monitor user",
  policymaker: "User not authorised to access object",
};

/**
 * RabbitMQ's management HTTP API: same paths, names and types
 * (https://www.rabbitmq.com/docs/http-api-reference).
 */
export class ManagementApi {
  readonly #broker: Broker;
  readonly #host: string;

  /** @param host the address it listens on */
  constructor(broker: Broker, host: string) {
    this.#broker = broker;
    this.#host = host;
  }

  serve(socket: Socket): void {
    const { remoteAddress } = socket;
    new HttpConnection(socket, this.#broker, (request) => this.#answer(request, remoteAddress));
  }

  async #answer(request: HttpRequest, remoteAddress: string | undefined): Promise<HttpAnswer> {
    try {
      return await this.#ask(request, remoteAddress);
    } catch (error) {
      return this.#failure(error);
    }
  }

  #ask(
    request: HttpRequest,
    remoteAddress: string | undefined,
  ): HttpAnswer | Promise<HttpAnswer> {
    if (!this.#isMeant(request.headers.get("host"))) {
      return { status: 421, body: { error: "bad_request", reason: "unknown Host" } };
    }
    const [root, ...path] = request.path;
    const octets = path.map(octetsOf);
    const route = root === "api"
      ? ROUTES.find((route) => match(route, octets) !== undefined)
      : METRIC_ROUTES.find((route) => match(route, request.path) !== undefined);
    if (route === undefined) return NOT_FOUND;
    const act = actionOf(route, request);
    if (act === undefined) return { status: 405, headers: { allow: allowed(route) } };
    const asker = askerOf(request.headers.get("authorization"), remoteAddress, this.#broker);
    if (!(asker instanceof Asker)) return this.#loginRefusal(asker);
    if (!asker.has(route.needs)) return refusal("not_authorised", LACKS[route.needs!]);
    return act({
      broker: this.#broker,
      asker,
      parameters: request.query,
      headers: request.headers,
      names: match(route, octets) ?? [],
    });
  }

  #failure(error: unknown): HttpAnswer {
    if (error instanceof NotAuthorised) return refusal("not_authorised", error.message);
    if (error instanceof ApiError) return error.answer;
    if (error instanceof ChannelError || error instanceof ConnectionError) {
      return apiError(error).answer;
    }
    const reason = error instanceof Error ? `${error.stack}` : String(error);
    this.#broker.emit({ event: "internal-error", connection: 0, reason });
    return { status: 500 };
  }

  /** The login was refused: releases spell it differently. */
  #loginRefusal(reason: string): HttpAnswer {
    const error = this.#broker.release.name === "3.10" ? "not_authorised" : "not_authorized";
    return refusal(error, reason);
  }

  /**
   * Against DNS rebinding: a page in a browser on this machine reaches a broker that listens on
   * loopback only by a name of its own, which is then in `Host`.
   */
  #isMeant(host: string | undefined): boolean {
    if (!isLoopback(this.#host) || host === undefined) return true;
    const name = host.replace(/:\d+$/, "").toLowerCase();
    return name === "localhost" || name === "[::1]" || /^127(\.\d+){3}$/.test(name) ||
      name === hostname().toLowerCase();
  }
}

/** What a request does with a resource; undefined for what cannot be done with it. */
function actionOf(
  route: Route,
  { method, body, query: parameters }: HttpRequest,
): ((query: Query) => HttpAnswer | Promise<HttpAnswer>) | undefined {
  const { get, put, post, delete: remove } = route;
  switch (method) {
    case "GET":
    case "HEAD":
      return get && ((query) => shown(get(query), route, parameters));
    case "PUT":
      return put && ((query) => put({ ...query, body: JsonBody.parse(body) }));
    case "POST":
      return post && ((query) => post({ ...query, body: JsonBody.parse(body) }));
    case "DELETE":
      return remove;
    case "OPTIONS":
      return () => ({ status: 200, headers: { allow: allowed(route) } });
  }
}

function shown(body: unknown, { paged }: Route, parameters: URLSearchParams): HttpAnswer {
  if (body === undefined) return NOT_FOUND;
  if (body instanceof PlainText) return { status: 200, body };
  if (body instanceof Unhealthy) return { status: 503, body };
  const columns = parameters.get("columns");
  if (!Array.isArray(body)) return { status: 200, body: selectColumns(body, columns) };
  const list = sorted(body, parameters);
  const page = paged ? pageOf(list, parameters) : undefined;
  const items = selectColumns(page?.items ?? list, columns);
  return { status: 200, body: page === undefined ? items : { ...page, items } };
}

function refusal(error: string, reason: string): HttpAnswer {
  return {
    status: 401,
    body: { error, reason },
    headers: { "www-authenticate": 'Basic realm="RabbitMQ Management"' },
  };
}
