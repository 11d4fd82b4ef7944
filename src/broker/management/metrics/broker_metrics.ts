import process from "node:process";
import type { Broker } from "../../broker.ts";
import type { MessageCounts } from "../../model/message_counts.ts";
import { allConnections, channelsOf, consumersOf } from "../open_connections.ts";
import { counter, type Families, gauge, type Metric } from "./metric.ts";

/** The broker as a whole: without labels, at every endpoint. */
export const BROKER_FAMILIES: Families<Broker> = {
  labelsOf: () => [],
  metrics: {
    "connection_churn_metrics": [
      counter(
        "connections_opened_total",
        "Total number of connections opened",
        ({ churn }) => churn.connectionCreated,
      ),
      counter(
        "connections_closed_total",
        "Total number of connections closed or terminated",
        ({ churn }) => churn.connectionClosed,
      ),
      counter(
        "channels_opened_total",
        "Total number of channels opened",
        ({ churn }) => churn.channelCreated,
      ),
      counter(
        "channels_closed_total",
        "Total number of channels closed",
        ({ churn }) => churn.channelClosed,
      ),
      counter(
        "queues_declared_total",
        "Total number of queues declared",
        ({ churn }) => churn.queueDeclared,
      ),
      counter(
        "queues_created_total",
        "Total number of queues created",
        ({ churn }) => churn.queueCreated,
      ),
      counter(
        "queues_deleted_total",
        "Total number of queues deleted",
        ({ churn }) => churn.queueDeleted,
      ),
    ],
    "node_coarse_metrics": [
      gauge(
        "process_resident_memory_bytes",
        "Memory used in bytes",
        () => process.memoryUsage.rss(),
      ),
    ],
    "node_metrics": [
      gauge(
        "resident_memory_limit_bytes",
        "Memory high watermark in bytes",
        ({ settings }) => Math.round(settings.maxMemoryBytes),
      ),
    ],
  },
};

/** How many there are of each kind. */
export const OBJECT_TOTALS: readonly Metric<Broker>[] = [
  gauge("connections", "Connections currently open", (broker) => allConnections(broker).length),
  gauge(
    "channels",
    "Channels currently open",
    (broker) => channelsOf(allConnections(broker)).length,
  ),
  gauge(
    "consumers",
    "Consumers currently connected",
    (broker) => consumersOf(allConnections(broker)).length,
  ),
  gauge("queues", "Queues available", (broker) => {
    let queues = 0;
    for (const vhost of broker.vhosts) queues += [...vhost.queues].length;
    return queues;
  }),
];

export const ALARMS: readonly Metric<Broker>[] = [
  {
    name: "alarms_memory_used_watermark",
    type: "untyped",
    help: "is 1 if VM memory watermark alarm is in effect",
    of: ({ memory }) => memory.short ? 1 : 0,
  },
];

/**
 * Messages since the broker began. RabbitMQ adds up the channels that are open, and forgets what
 * the others did.
 */
export const CHANNEL_TOTALS: readonly Metric<Broker>[] = [
  total("channel_messages_published_total", "publish", "published into an exchange on a channel"),
  total(
    "channel_messages_confirmed_total",
    "confirm",
    "published into an exchange and confirmed on the channel",
  ),
  total(
    "channel_messages_unroutable_returned_total",
    "returnUnroutable",
    "published as mandatory into an exchange and returned to the publisher as unroutable",
  ),
  total(
    "channel_messages_unroutable_dropped_total",
    "dropUnroutable",
    "published as non-mandatory into an exchange and dropped as unroutable",
  ),
  total("channel_get_ack_total", "get", "fetched with basic.get in manual acknowledgement mode"),
  total(
    "channel_get_total",
    "getNoAck",
    "fetched with basic.get in automatic acknowledgement mode",
  ),
  total(
    "channel_messages_delivered_ack_total",
    "deliver",
    "delivered to consumers in manual acknowledgement mode",
  ),
  total(
    "channel_messages_delivered_total",
    "deliverNoAck",
    "delivered to consumers in automatic acknowledgement mode",
  ),
  total("channel_messages_redelivered_total", "redeliver", "redelivered to consumers"),
  total("channel_messages_acked_total", "ack", "acknowledged by consumers"),
  counter(
    "channel_get_empty_total",
    "Total number of times basic.get operations fetched no message",
    (broker) => countOf(broker, "getEmpty"),
  ),
];

/** With the label of the only protocol. */
export const PROTOCOL_TOTALS: readonly Metric<Broker>[] = [
  total("global_messages_received_total", "publish", "received from publishers"),
  total("global_messages_confirmed_total", "confirm", "confirmed to publishers"),
  total(
    "global_messages_unroutable_returned_total",
    "returnUnroutable",
    "published as mandatory into an exchange and returned to the publisher as unroutable",
  ),
  total(
    "global_messages_unroutable_dropped_total",
    "dropUnroutable",
    "published as non-mandatory into an exchange and dropped as unroutable",
  ),
  gauge(
    "global_consumers",
    "Current number of consumers",
    (broker) => consumersOf(allConnections(broker)).length,
  ),
];

type Count = {
  [Name in keyof MessageCounts]: MessageCounts[Name] extends number ? Name : never;
}[keyof MessageCounts];

function total(name: string, count: Count, what: string): Metric<Broker> {
  return counter(name, `Total number of messages ${what}`, (broker) => countOf(broker, count));
}

function countOf(broker: Broker, count: Count): number {
  let sum = 0;
  for (const { channelCounts } of broker.vhosts) sum += channelCounts.sum()[count];
  return sum;
}
