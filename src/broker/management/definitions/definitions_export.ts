import deno from "../../../../deno.json" with { type: "json" };
import type { Broker } from "../../broker.ts";
import type { Binding, Exchange } from "../../model/exchange.ts";
import type { Queue } from "../../model/queue.ts";
import type { VHost } from "../../model/vhost.ts";
import type { ReleaseName } from "../../release.ts";
import { bindingView } from "../bindings.ts";
import { jsonOf } from "../json_fields.ts";
import { parametersOf } from "../parameters.ts";
import { permissionsOf } from "../permissions.ts";
import { policiesOf } from "../policies.ts";
import { userView } from "../users.ts";
import { metadataView } from "../vhosts.ts";
import { textOf } from "../../wire/octets.ts";

/** What releases export of a virtual host, and of what is in it. */
type Format = "names" | "fields" | "metadata";

const FORMATS: Readonly<Record<ReleaseName, Format>> = {
  "3.10": "names",
  "4.0": "fields",
  "4.3": "metadata",
};

/** All that was defined in the broker, as RabbitMQ exports it. */
export function exportAll(broker: Broker) {
  const vhosts = [...broker.vhosts];
  const format = FORMATS[broker.release.name];
  return {
    ...versions(broker),
    ...(format === "metadata" ? { rabbitmq_definition_format: "cluster" } : {}),
    users: [...broker.users].map(userView),
    vhosts: vhosts.map((vhost) => ({
      name: textOf(vhost.name),
      ...vhostDefinition(vhost, format),
    })),
    permissions: permissionsOf(broker, broker.users),
    topic_permissions: [],
    parameters: [],
    global_parameters: parametersOf(broker),
    policies: vhosts.flatMap(policiesOf),
    queues: vhosts.flatMap((vhost) => queuesOf(vhost, format)),
    exchanges: vhosts.flatMap((vhost) => exchangesOf(vhost, format)),
    bindings: vhosts.flatMap(bindingsOf),
  };
}

/** What was defined in one virtual host; its objects do not name it. */
export function exportVHost(broker: Broker, vhost: VHost) {
  const format = FORMATS[broker.release.name];
  return {
    ...versions(broker),
    ...(format === "metadata"
      ? {
        rabbitmq_definition_format: "single_virtual_host",
        original_vhost_name: textOf(vhost.name),
      }
      : {}),
    ...(format === "names" ? {} : {
      description: vhost.metadata.description,
      metadata: metadataView(vhost, false),
      limits: format === "fields" ? [] : {},
    }),
    parameters: [],
    policies: policiesOf(vhost).map(withoutVHost),
    queues: queuesOf(vhost, format).map(withoutVHost),
    exchanges: exchangesOf(vhost, format).map(withoutVHost),
    bindings: bindingsOf(vhost).map(withoutVHost),
  };
}

function vhostDefinition(vhost: VHost, format: Format) {
  if (format === "names") return {};
  const metadata = metadataView(vhost, false);
  return format === "fields" ? { ...metadata, metadata } : { limits: {}, metadata };
}

function versions({ release }: Broker) {
  return {
    rabbit_version: release.name,
    rabbitmq_version: release.name,
    product_name: "worktool",
    product_version: deno.version,
  };
}

function withoutVHost<T extends { vhost: string }>({ vhost: _, ...rest }: T) {
  return rest;
}

function queuesOf(vhost: VHost, format: Format) {
  return [...vhost.queues].filter(({ exclusive }) => !exclusive)
    .map((queue) => queueDefinition(queue, format));
}

function queueDefinition(queue: Queue, format: Format) {
  return {
    name: textOf(queue.name),
    vhost: textOf(queue.vhost),
    durable: queue.durable,
    auto_delete: queue.autoDelete,
    ...(format === "metadata" ? { type: queue.policy.quorum ? "quorum" : "classic" } : {}),
    arguments: jsonOf(queue.arguments),
  };
}

function exchangesOf(vhost: VHost, format: Format) {
  return [...vhost.exchanges].filter(({ name }) => name !== "" && !name.startsWith("amq."))
    .map((exchange) => exchangeDefinition(exchange, format));
}

function exchangeDefinition(exchange: Exchange, format: Format) {
  const { durable, autoDelete, internal, type } = exchange;
  return {
    name: textOf(exchange.name),
    vhost: textOf(exchange.vhost),
    type,
    durable,
    auto_delete: autoDelete,
    ...(format === "metadata" && !internal ? {} : { internal }),
    arguments: jsonOf(exchange.arguments),
  };
}

function bindingsOf(vhost: VHost) {
  return [...vhost.exchanges].flatMap((exchange) => [...exchange.bindings].map(bindingDefinition));
}

/** An export does not name the binding for paths of the API. */
function bindingDefinition(binding: Binding) {
  const { properties_key: _, ...definition } = bindingView(binding);
  return definition;
}
