import type { Binding, Destination } from "../model/exchange.ts";
import { Queue } from "../model/queue.ts";
import type { VHost } from "../model/vhost.ts";
import {
  addBinding,
  bindingsBetween,
  type End,
  namedBinding,
  removeBinding,
} from "./binding_changes.ts";
import { jsonOf } from "./json_fields.ts";
import { propertiesKey } from "./properties_key.ts";
import { type Query, type Route, vhostOf } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** Bindings, those of the default exchange among them. */
export const BINDING_ROUTES: readonly Route[] = [
  { path: "bindings", get: ({ asker }) => asker.vhosts().flatMap(allBindings) },
  {
    path: "bindings/*",
    get: (query) => {
      const vhost = vhostOf(query);
      return vhost && allBindings(vhost);
    },
  },
  ...routesTo("queue"),
  ...routesTo("exchange"),
];

function routesTo(end: End): Route[] {
  const path = `bindings/*/e/*/${end === "queue" ? "q" : "e"}/*`;
  return [
    {
      path,
      get: (query) => [...ownBinding(query, end), ...bindingsBetween(query, end).map(bindingView)],
      post: (change) => addBinding(change, end),
    },
    {
      path: `${path}/*`,
      get: (query) => {
        const binding = namedBinding(query, end);
        return binding && bindingView(binding);
      },
      delete: (query) => removeBinding(query, end),
    },
  ];
}

/** The one from the default exchange, where that is the source. */
function ownBinding(query: Query, end: End) {
  const [, source, name] = query.names;
  const vhost = vhostOf(query);
  if (end !== "queue" || source !== "amq.default" || !vhost?.hasQueue(name!)) return [];
  return [defaultBinding(vhost.queueForAll(name!))];
}

function allBindings(vhost: VHost) {
  return [
    ...[...vhost.queues].map(defaultBinding),
    ...[...vhost.exchanges].flatMap((exchange) => [...exchange.bindings].map(bindingView)),
  ];
}

/** What leads to a queue or an exchange. */
export function destinationBindings(vhost: VHost, destination: Destination) {
  const bindings = [...vhost.exchanges].flatMap((exchange) => [...exchange.bindings])
    .filter((binding) => binding.destination === destination).map(bindingView);
  return destination instanceof Queue ? [defaultBinding(destination), ...bindings] : bindings;
}

/** Rule (section 3.1.3.1): every queue is bound to the default exchange by its name. */
export function defaultBinding({ name, vhost }: Queue) {
  return {
    source: "",
    vhost: textOf(vhost),
    destination: textOf(name),
    destination_type: "queue",
    routing_key: textOf(name),
    arguments: {},
    properties_key: propertiesKey(name, new Map()),
  };
}

export function bindingView({ source, destination, routingKey, arguments: table }: Binding) {
  return {
    source: textOf(source.name),
    vhost: textOf(source.vhost),
    destination: textOf(destination.name),
    destination_type: destination instanceof Queue ? "queue" : "exchange",
    routing_key: textOf(routingKey),
    arguments: jsonOf(table),
    properties_key: propertiesKey(routingKey, table),
  };
}
