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

/** The name of an exchange in AMQP: paths call the default one `amq.default`. */
export function exchangeName(segment: string): string {
  return segment === "amq.default" ? "" : segment;
}

/**
 * Declares the exchange that the path names. @returns 201 where it is new, else 204
 *
 * @throws {ApiError} 400, {ChannelError | ConnectionError} as `exchange.declare`
 */
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

/**
 * Deletes it, with `if-unused=true` only where nothing is bound to it. @returns 204, or 404 where
 * there is none
 *
 * @throws {ChannelError | ConnectionError} as `exchange.delete`
 */
export function deleteExchange(query: Query): HttpAnswer {
  const exchange = exchangeName(query.names[1]!);
  const vhost = vhostOf(query);
  if (!vhost?.hasExchangeNamed(exchange)) return NOT_FOUND;
  const ifUnused = query.parameters.get("if-unused") === "true";
  acting(query, vhost, (channel) => methods.remove(channel, { exchange, ifUnused, noWait: true }));
  return NO_CONTENT;
}
