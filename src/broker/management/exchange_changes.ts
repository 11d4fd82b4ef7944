import * as methods from "../methods/exchange.ts";
import { acting } from "./acting_client.ts";
import type { HttpAnswer } from "./http_answer.ts";
import {
  type Change,
  CREATED,
  NO_CONTENT,
  NOT_FOUND,
  type Query,
  requiredVHost,
  vhostOf,
} from "./route.ts";

/** Paths call the default exchange `amq.default`. */
export function exchangeName(segment: string): string {
  return segment === "amq.default" ? "" : segment;
}

export function declareExchange(change: Change): HttpAnswer {
  const { body, names } = change;
  const vhost = requiredVHost(change);
  const exchange = exchangeName(names[1]!);
  const isNew = !vhost.hasExchangeNamed(exchange);
  const declaration = {
    exchange,
    type: body.shortName("type") ?? "direct",
    passive: false,
    durable: body.boolean("durable"),
    autoDelete: body.boolean("auto_delete"),
    internal: body.boolean("internal"),
    noWait: true,
    arguments: body.table(),
  };
  acting(change, vhost, (channel) => methods.declare(channel, declaration));
  return isNew ? CREATED : NO_CONTENT;
}

export function deleteExchange(query: Query): HttpAnswer {
  const exchange = exchangeName(query.names[1]!);
  const vhost = vhostOf(query);
  if (!vhost?.hasExchangeNamed(exchange)) return NOT_FOUND;
  const ifUnused = query.parameters.get("if-unused") === "true";
  acting(query, vhost, (channel) => methods.remove(channel, { exchange, ifUnused, noWait: true }));
  return NO_CONTENT;
}
