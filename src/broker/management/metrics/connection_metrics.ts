import {
  channelDetails,
  connectionName,
  type OpenChannel,
  type OpenConnection,
} from "../open_connections.ts";
import { counter, type Families, gauge } from "./metric.ts";

/** RabbitMQ labels connections so, too. */
const CHANNEL = "channel";

export const CONNECTION_FAMILIES: Families<OpenConnection> = {
  labelsOf: (open) => [[CHANNEL, connectionName(open)]],
  metrics: {
    "connection_coarse_metrics": [
      counter(
        "connection_incoming_bytes_total",
        "Total number of bytes received on a connection",
        ({ connection }) => connection.traffic.receivedBytes,
      ),
      counter(
        "connection_outgoing_bytes_total",
        "Total number of bytes sent on a connection",
        ({ connection }) => connection.traffic.sentBytes,
      ),
    ],
    "connection_metrics": [
      counter(
        "connection_incoming_packets_total",
        "Total number of packets received on a connection",
        ({ connection }) => connection.traffic.received,
      ),
      counter(
        "connection_outgoing_packets_total",
        "Total number of packets sent on a connection",
        ({ connection }) => connection.traffic.sent,
      ),
      gauge(
        "connection_channels",
        "Channels on a connection",
        ({ client }) => [...client.channels].length,
      ),
    ],
  },
};

export const CHANNEL_FAMILIES: Families<OpenChannel> = {
  labelsOf: (open) => [[CHANNEL, channelDetails(open).name]],
  metrics: {
    "channel_metrics": [
      gauge(
        "channel_consumers",
        "Consumers on a channel",
        ({ channel }) => channel.consumers.size,
      ),
      gauge(
        "channel_messages_unacked",
        "Delivered but not yet acknowledged messages",
        ({ channel }) => channel.unacked.size,
      ),
      gauge(
        "channel_messages_unconfirmed",
        "Published but not yet confirmed messages",
        ({ channel }) => channel.confirms?.waitingCount ?? 0,
      ),
      gauge(
        "channel_messages_uncommitted",
        "Messages received in a transaction but not yet committed",
        ({ channel }) => channel.transaction?.publishedCount ?? 0,
      ),
      gauge(
        "channel_acks_uncommitted",
        "Message acknowledgements in a transaction not yet committed",
        ({ channel }) => channel.transaction?.acknowledgedCount ?? 0,
      ),
      gauge(
        "consumer_prefetch",
        "Limit of unacknowledged messages for each consumer",
        ({ channel }) => channel.consumerPrefetch,
      ),
    ],
  },
};
