import * as exchanges from "../methods/exchange.ts";
import * as queues from "../methods/queue.ts";
import type { Binding } from "../model/exchange.ts";
import { Queue } from "../model/queue.ts";
import { acting } from "./acting_client.ts";
import { exchangeName } from "./exchange_changes.ts";
import type { HttpAnswer } from "./http_answer.ts";
import { propertiesKey, quoted } from "./properties_key.ts";
import { type Change, NO_CONTENT, NOT_FOUND, type Query, requiredVHost, vhostOf } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** What a path ends at: `q` or `e`. */
export type End = "queue" | "exchange";

/** The two ends that a path names: `bindings/VHOST/e/SOURCE/q/DESTINATION`. */
function endsOf({ names }: Query, end: End) {
  const [, source, destination] = names;
  return {
    source: exchangeName(source!),
    destination: end === "queue" ? destination! : exchangeName(destination!),
  };
}

/** Those between the two ends, but for the one that every queue has of itself. */
export function bindingsBetween(query: Query, end: End): Binding[] {
  const vhost = vhostOf(query);
  const { source, destination } = endsOf(query, end);
  if (!vhost?.hasExchangeNamed(source)) return [];
  return [...vhost.exchange(source).bindings].filter((binding) =>
    binding.destination.name === destination &&
    (binding.destination instanceof Queue) === (end === "queue")
  );
}

/** The one that the last segment names by its properties. */
export function namedBinding(query: Query, end: End): Binding | undefined {
  const name = textOf(query.names[3]!);
  return bindingsBetween(query, end).find((binding) =>
    propertiesKey(binding.routingKey, binding.arguments) === name
  );
}

/**
 * Binds; what is bound like that already stays. @returns 201 with the address of the binding
 *
 * @throws {ApiError} 400, {ChannelError | ConnectionError} as `exchange.bind` or `queue.bind`
 */
export function addBinding(change: Change, end: End): HttpAnswer {
  const vhost = requiredVHost(change);
  const { source, destination } = endsOf(change, end);
  const routingKey = change.body.shortName("routing_key") ?? "";
  const rest = { routingKey, noWait: true, arguments: change.body.table() };
  acting(change, vhost, (channel) => {
    if (end === "exchange") exchanges.bind(channel, { source, destination, ...rest });
    else queues.bind(channel, { exchange: source, queue: destination, ...rest });
  });
  const key = propertiesKey(routingKey, rest.arguments);
  const location = `${quoted(textOf(change.names[2]!))}/${quoted(key)}`;
  return { status: 201, headers: { location } };
}

/**
 * Unbinds the one that the path names. @returns 204; 404 where there is none
 *
 * @throws {ChannelError | ConnectionError} as `exchange.unbind` or `queue.unbind`
 */
export function removeBinding(query: Query, end: End): HttpAnswer {
  const binding = namedBinding(query, end);
  if (binding === undefined) return NOT_FOUND;
  const { source, destination } = endsOf(query, end);
  const { routingKey, arguments: table } = binding;
  acting(query, requiredVHost(query), (channel) => {
    if (end === "exchange") {
      const way = { source, destination, routingKey };
      exchanges.unbind(channel, { ...way, arguments: table, noWait: true });
    } else {
      queues.unbind(channel, {
        exchange: source,
        queue: destination,
        routingKey,
        arguments: table,
      });
    }
  });
  return NO_CONTENT;
}
