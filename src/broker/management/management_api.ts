import { Buffer } from "node:buffer";
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
import { match, NotAuthorised, type Route } from "./route.ts";
import { USER_ROUTES } from "./users.ts";

const ROUTES: readonly Route[] = [
  ...BROKER_ROUTES,
  ...USER_ROUTES,
  ...QUEUE_ROUTES,
  ...EXCHANGE_ROUTES,
  ...BINDING_ROUTES,
  ...CONNECTION_ROUTES,
  ...HEALTH_ROUTES,
];
const NOT_FOUND: HttpAnswer = {
  status: 404,
  body: { error: "Object Not Found", reason: "Not Found" },
};

/**
 * RabbitMQ's management HTTP API, as far as it is read: same paths, names and types
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
    new HttpConnection(socket, (request) => this.#answer(request, remoteAddress));
  }

  #answer(request: HttpRequest, remoteAddress: string | undefined): HttpAnswer {
    if (!this.#isMeant(request.headers.get("host"))) {
      return { status: 421, body: { error: "bad_request", reason: "unknown Host" } };
    }
    const [root, ...path] = request.path;
    const names = path.map((segment) => Buffer.from(segment).toString("latin1"));
    const route = root === "api"
      ? ROUTES.find((route) => match(route, names) !== undefined)
      : METRIC_ROUTES.find((route) => match(route, request.path) !== undefined);
    if (route === undefined) return NOT_FOUND;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return { status: 405, headers: { allow: "GET, HEAD" } };
    }
    const asker = askerOf(request.headers.get("authorization"), remoteAddress, this.#broker);
    if (!(asker instanceof Asker)) return this.#refusal(asker);
    if (route.needs === "administrator" && !asker.isAdministrator) {
      return this.#refusal("User not administrator user");
    }
    if (route.needs === "monitoring" && !asker.isMonitoring) {
      return this.#refusal("User not monitor user");
    }
    try {
      const [broker, parameters] = [this.#broker, request.query];
      const body = route.get({ broker, asker, parameters, names: match(route, names) ?? [] });
      if (body === undefined) return NOT_FOUND;
      if (body instanceof PlainText) return { status: 200, body };
      if (body instanceof Unhealthy) return { status: 503, body };
      return { status: 200, body: selectColumns(body, request.query.get("columns")) };
    } catch (error) {
      if (error instanceof NotAuthorised) return this.#refusal(error.message);
      throw error;
    }
  }

  #refusal(reason: string): HttpAnswer {
    const error = this.#broker.release.name === "3.10" ? "not_authorised" : "not_authorized";
    return {
      status: 401,
      body: { error, reason },
      headers: { "www-authenticate": 'Basic realm="RabbitMQ Management"' },
    };
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
