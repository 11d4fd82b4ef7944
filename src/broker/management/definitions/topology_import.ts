import { isKnownExchangeType } from "../../model/exchange.ts";
import type { Destination, Exchange } from "../../model/exchange.ts";
import type { VHost } from "../../model/vhost.ts";
import type { DefinitionItem } from "./definition_item.ts";
import type { ImportTarget } from "./import_target.ts";
import { textOf } from "../../wire/octets.ts";

/** Nobody owns what is imported. */
const NOBODY = {};

const QUEUE_TYPES = ["classic", "quorum"];

/**
 * Declares a queue as `queue.declare` would; one that is there stays as it is.
 *
 * @throws {DefinitionsError} for fields that are missing or of another type, and what is refused
 */
export function importQueue(into: ImportTarget, item: DefinitionItem): void {
  const vhost = into.vhostOf(item);
  const name = item.name("name");
  const table = item.table();
  const type = table.get("x-queue-type")?.value ?? item.text("type", "classic");
  if (typeof type === "string" && !QUEUE_TYPES.includes(type)) {
    return into.leaveOut(item, `there are no queues of type ${type} here`);
  }
  if (type === "quorum") table.set("x-queue-type", { type: "S", value: type });
  if (vhost.hasQueue(name)) return;
  const declaration = {
    name,
    durable: item.flag("durable"),
    exclusive: false,
    autoDelete: item.flag("auto_delete", false),
    arguments: table,
  };
  item.refused(() => vhost.declareQueue(declaration, NOBODY));
}

/**
 * Declares an exchange as `exchange.declare` would; one that is there stays as it is.
 *
 * @throws {DefinitionsError} for fields that are missing or of another type, and what is refused
 */
export function importExchange(into: ImportTarget, item: DefinitionItem): void {
  const vhost = into.vhostOf(item);
  const name = item.name("name");
  const type = item.text("type");
  if (vhost.hasExchangeNamed(name)) return;
  if (name.startsWith("amq.")) return into.leaveOut(item, "it belongs to RabbitMQ itself");
  if (!isKnownExchangeType(type)) {
    return into.leaveOut(item, `there are no exchanges of type ${type} here`);
  }
  const declaration = {
    name,
    type,
    durable: item.flag("durable"),
    autoDelete: item.flag("auto_delete", false),
    internal: item.flag("internal", false),
    arguments: item.table(),
  };
  item.refused(() => vhost.declareExchange(declaration));
}

/** What is bound may have been left out; it is an error in RabbitMQ, and here worth a word. */
export function importBinding(into: ImportTarget, item: DefinitionItem): void {
  const vhost = into.vhostOf(item);
  const source = exchangeOf(vhost, item.name("source"));
  const destination = destinationOf(vhost, item);
  if (source === undefined || destination === undefined) {
    const missing = item.text(source === undefined ? "source" : "destination");
    return into.leaveOut(item, `there is no "${missing}" in virtual host "${textOf(vhost.name)}"`);
  }
  const binding = {
    source,
    destination,
    routingKey: item.name("routing_key"),
    arguments: item.table(),
  };
  item.refused(() => vhost.bind(binding));
}

function exchangeOf(vhost: VHost, name: string): Exchange | undefined {
  return vhost.hasExchangeNamed(name) ? vhost.exchange(name) : undefined;
}

function destinationOf(vhost: VHost, item: DefinitionItem): Destination | undefined {
  const name = item.name("destination");
  const type = item.text("destination_type");
  if (type === "exchange") return exchangeOf(vhost, name);
  if (type !== "queue") return item.fail("destination_type", 'expected "queue" or "exchange"');
  return vhost.hasQueue(name) ? vhost.queueForAll(name) : undefined;
}
