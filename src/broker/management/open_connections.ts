import type { Broker } from "../broker.ts";
import type { Channel } from "../channel/channel.ts";
import type { Consumer } from "../channel/consumer.ts";
import { Connection } from "../connection/connection.ts";
import type { OpenClient } from "../connection/open_client.ts";
import type { Asker } from "./asker.ts";
import { textOf } from "../wire/octets.ts";

/** A connection that has been opened. */
export interface OpenConnection {
  readonly connection: Connection;
  readonly client: OpenClient;
}

/** Those that the asker may see: with the tag `monitoring` all, else its own. */
export function openConnections(broker: Broker, asker: Asker): OpenConnection[] {
  return allConnections(broker).filter(({ client }) =>
    asker.isMonitoring || client.user === asker.user
  );
}

export function allConnections(broker: Broker): OpenConnection[] {
  const found: OpenConnection[] = [];
  for (const connection of broker.connections) {
    if (!(connection instanceof Connection) || connection.client === undefined) continue;
    found.push({ connection, client: connection.client });
  }
  return found;
}

/** A channel with its connection. */
export interface OpenChannel extends OpenConnection {
  readonly channel: Channel;
}

export function channelsOf(connections: readonly OpenConnection[]): OpenChannel[] {
  return connections.flatMap((open) =>
    [...open.client.channels].map((channel) => ({ ...open, channel }))
  );
}

/** A consumer with its channel. */
export interface OpenConsumer extends OpenChannel {
  readonly consumer: Consumer;
}

export function consumersOf(connections: readonly OpenConnection[]): OpenConsumer[] {
  return channelsOf(connections).flatMap((open) =>
    [...open.channel.consumers.values()].map((consumer) => ({ ...open, consumer }))
  );
}

/** `127.0.0.1:40000 -> 127.0.0.1:5672`, as RabbitMQ names connections. */
export function connectionName({ connection }: OpenConnection): string {
  const { peer, local } = connection.path;
  return `${peer.host}:${peer.port} -> ${local.host}:${local.port}`;
}

/** Where a channel is, as other objects tell it. */
export function channelDetails(open: OpenChannel) {
  const name = connectionName(open);
  return {
    name: `${name} (${open.channel.number})`,
    number: open.channel.number,
    user: textOf(open.client.user.name),
    connection_name: name,
    peer_host: open.connection.path.peer.host,
    peer_port: open.connection.path.peer.port,
  };
}
