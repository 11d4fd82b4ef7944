import type { Consumer } from "../channel/consumer.ts";
import { channelFigures, trafficFigures } from "./figures_with_rates.ts";
import { jsonOf } from "./json_fields.ts";
import { NODE_NAME } from "./node_name.ts";
import {
  channelDetails,
  channelsOf,
  connectionName,
  consumersOf,
  type OpenChannel,
  type OpenConnection,
  openConnections,
  type OpenConsumer,
} from "./open_connections.ts";
import { ConnectionError } from "../wire/protocol_error.ts";
import type { HttpAnswer } from "./http_answer.ts";
import { NO_CONTENT, NOT_FOUND, type Query, type Route, vhostOf } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** Connections, their channels and consumers. */
export const CONNECTION_ROUTES: readonly Route[] = [
  { path: "connections", paged: true, get: (query) => visible(query).map(connectionView) },
  {
    path: "connections/*",
    get: (query) => named(query)?.map(connectionView)[0],
    delete: (query) => closeAll(named(query), query),
  },
  {
    path: "connections/username/*",
    get: (query) => ofUser(query).map(connectionView),
    delete: (query) => closeAll(ofUser(query), query),
  },
  {
    path: "connections/*/channels",
    get: (query) => {
      const found = named(query);
      return found && channelsOf(found).map(channelView);
    },
  },
  {
    path: "vhosts/*/connections",
    paged: true,
    get: (query) => inVHost(query)?.map(connectionView),
  },
  { path: "channels", paged: true, get: (query) => channelsOf(visible(query)).map(channelView) },
  {
    path: "channels/*",
    get: (query) => {
      const name = textOf(query.names[0]!);
      return channelsOf(visible(query)).map(channelView).find((channel) => channel.name === name);
    },
  },
  {
    path: "vhosts/*/channels",
    paged: true,
    get: (query) => {
      const found = inVHost(query);
      return found && channelsOf(found).map(channelView);
    },
  },
  { path: "consumers", get: (query) => consumersOf(visible(query)).map(consumerView) },
  {
    path: "consumers/*",
    get: (query) => {
      const found = inVHost(query);
      return found && consumersOf(found).map(consumerView);
    },
  },
];

function visible({ broker, asker }: Query): OpenConnection[] {
  return openConnections(broker, asker);
}

function named(query: Query): OpenConnection[] | undefined {
  const name = textOf(query.names[0]!);
  const found = visible(query).filter((open) => connectionName(open) === name);
  return found.length > 0 ? found : undefined;
}

function ofUser(query: Query): OpenConnection[] {
  return visible(query).filter(({ client }) => client.user.name === query.names[0]);
}

/** Closes them as RabbitMQ does: with 320, and the reason that the request gives. */
function closeAll(found: readonly OpenConnection[] | undefined, { headers }: Query): HttpAnswer {
  if (found === undefined) return NOT_FOUND;
  const reason = headers.get("x-reason") ?? "Closed via management plugin";
  for (const { connection } of found) {
    connection.fail(new ConnectionError("CONNECTION_FORCED", reason), 0, 0);
  }
  return NO_CONTENT;
}

function inVHost(query: Query): OpenConnection[] | undefined {
  const vhost = vhostOf(query);
  return vhost && visible(query).filter(({ client }) => client.vhost === vhost);
}

function connectionView(open: OpenConnection) {
  const { connection, client } = open;
  const { traffic } = connection;
  return {
    auth_mechanism: client.agreed.mechanism,
    channel_max: client.agreed.channelMax,
    channels: [...client.channels].length,
    client_properties: jsonOf(client.agreed.properties),
    connected_at: Math.round(connection.path.connectedAtMs),
    frame_max: client.agreed.frameMaxBytes,
    host: connection.path.local.host,
    name: connectionName(open),
    node: NODE_NAME,
    peer_host: connection.path.peer.host,
    peer_port: connection.path.peer.port,
    port: connection.path.local.port,
    protocol: "AMQP 0-9-1",
    recv_cnt: traffic.received,
    send_cnt: traffic.sent,
    ...trafficFigures(traffic, client.broker.sampler),
    ssl: false,
    state: "running",
    timeout: client.agreed.heartbeatSeconds,
    type: "network",
    user: textOf(client.user.name),
    user_who_performed_action: textOf(client.user.name),
    user_provided_name: client.agreed.name,
    vhost: textOf(client.vhost.name),
  };
}

function channelView(open: OpenChannel) {
  const { channel, client, connection } = open;
  const { confirms, transaction } = channel;
  const name = connectionName(open);
  return {
    acks_uncommitted: transaction?.acknowledgedCount ?? 0,
    confirm: confirms !== undefined,
    connection_details: {
      name,
      peer_host: connection.path.peer.host,
      peer_port: connection.path.peer.port,
    },
    consumer_count: channel.consumers.size,
    ...channelFigures(channel, client.broker.sampler),
    messages_unacknowledged: channel.unacked.size,
    messages_uncommitted: transaction?.publishedCount ?? 0,
    messages_unconfirmed: confirms?.waitingCount ?? 0,
    name: `${name} (${channel.number})`,
    node: NODE_NAME,
    number: channel.number,
    prefetch_count: channel.consumerPrefetch,
    state: "running",
    transactional: transaction !== undefined,
    user: textOf(client.user.name),
    user_who_performed_action: textOf(client.user.name),
    vhost: textOf(client.vhost.name),
  };
}

/** A consumer as it is listed, and as its queue tells of it. */
export function consumerView(open: OpenConsumer) {
  const { consumer } = open;
  return {
    ack_required: !consumer.noAck,
    active: isServed(consumer),
    activity_status: isServed(consumer) ? "up" : "waiting",
    channel_details: { ...channelDetails(open), node: NODE_NAME },
    consumer_tag: textOf(consumer.tag),
    exclusive: consumer.exclusive,
    prefetch_count: consumer.prefetchCount,
    queue: { name: textOf(consumer.queue.name), vhost: textOf(consumer.queue.vhost) },
  };
}

/** Only one consumer of a queue with a single active consumer is served. */
function isServed(consumer: Consumer): boolean {
  const { policy, subscribers } = consumer.queue;
  return !policy.singleActiveConsumer || subscribers.active === consumer;
}
