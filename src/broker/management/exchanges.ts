import type { Broker } from "../broker.ts";
import type { Exchange } from "../model/exchange.ts";
import { bindingView, defaultBinding, destinationBindings } from "./bindings.ts";
import { declareExchange, deleteExchange, exchangeName } from "./exchange_changes.ts";
import { exchangeFigures } from "./figures_with_rates.ts";
import { jsonOf } from "./json_fields.ts";
import { publish } from "./messages.ts";
import { type Query, type Route, vhostOf } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** Exchanges, and what leads from and to them. */
export const EXCHANGE_ROUTES: readonly Route[] = [
  {
    path: "exchanges",
    paged: true,
    get: ({ asker, broker }) => asker.vhosts().flatMap(({ exchanges }) => list(exchanges, broker)),
  },
  {
    path: "exchanges/*",
    paged: true,
    get: (query) => {
      const vhost = vhostOf(query);
      return vhost && list(vhost.exchanges, query.broker);
    },
  },
  {
    path: "exchanges/*/*",
    get: (query) => {
      const exchange = exchangeOf(query);
      return exchange && exchangeView(exchange, query.broker);
    },
    put: declareExchange,
    delete: deleteExchange,
  },
  { path: "exchanges/*/*/publish", post: publish },
  {
    path: "exchanges/*/*/bindings/source",
    get: (query) => {
      const exchange = exchangeOf(query);
      if (exchange?.name === "") return [...vhostOf(query)!.queues].map(defaultBinding);
      return exchange && [...exchange.bindings].map(bindingView);
    },
  },
  {
    path: "exchanges/*/*/bindings/destination",
    get: (query) => {
      const exchange = exchangeOf(query);
      return exchange && destinationBindings(vhostOf(query)!, exchange);
    },
  },
];

function exchangeOf(query: Query): Exchange | undefined {
  const vhost = vhostOf(query);
  const name = exchangeName(query.names[1]!);
  return vhost?.hasExchangeNamed(name) ? vhost.exchange(name) : undefined;
}

function list(exchanges: Iterable<Exchange>, broker: Broker) {
  return [...exchanges].sort((a, b) => a.name < b.name ? -1 : 1)
    .map((exchange) => exchangeView(exchange, broker));
}

function exchangeView(exchange: Exchange, { sampler }: Broker) {
  return {
    arguments: jsonOf(exchange.arguments),
    auto_delete: exchange.autoDelete,
    durable: exchange.durable,
    internal: exchange.internal,
    name: textOf(exchange.name),
    type: exchange.type,
    vhost: textOf(exchange.vhost),
    ...exchangeFigures(exchange, sampler),
  };
}
