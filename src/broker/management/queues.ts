import type { Broker } from "../broker.ts";
import { queueBytes } from "../model/definition_bytes.ts";
import type { Queue } from "../model/queue.ts";
import { destinationBindings } from "./bindings.ts";
import { consumerView } from "./connections.ts";
import { queueFigures } from "./figures_with_rates.ts";
import { jsonOf } from "./json_fields.ts";
import { NODE_NAME } from "./node_name.ts";
import {
  allConnections,
  channelDetails,
  channelsOf,
  connectionName,
  consumersOf,
} from "./open_connections.ts";
import { get } from "./messages.ts";
import { declareQueue, deleteQueue, purgeQueue, queueOf } from "./queue_changes.ts";
import { type Route, vhostOf } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** Queues; beyond RabbitMQ, who holds which delivery since when. */
export const QUEUE_ROUTES: readonly Route[] = [
  {
    path: "queues",
    paged: true,
    get: ({ asker, broker }) => asker.vhosts().flatMap((vhost) => list(vhost.queues, broker)),
  },
  {
    path: "queues/*",
    paged: true,
    get: (query) => {
      const vhost = vhostOf(query);
      return vhost && list(vhost.queues, query.broker);
    },
  },
  {
    path: "queues/*/*",
    get: (query) => {
      const queue = queueOf(query);
      return queue && { ...queueView(queue, query.broker), ...consumersView(queue, query.broker) };
    },
    put: declareQueue,
    delete: deleteQueue,
  },
  {
    path: "queues/*/*/contents",
    delete: purgeQueue,
  },
  { path: "queues/*/*/get", post: get },
  {
    path: "queues/*/*/bindings",
    get: (query) => {
      const queue = queueOf(query);
      return queue && destinationBindings(vhostOf(query)!, queue);
    },
  },
  {
    path: "queues/*/*/unacked",
    get: (query) => {
      const queue = queueOf(query);
      return queue && unackedView(queue, query.broker);
    },
  },
];

function list(queues: Iterable<Queue>, broker: Broker) {
  return [...queues].sort((a, b) => a.name < b.name ? -1 : 1)
    .map((queue) => queueView(queue, broker));
}

function queueView(queue: Queue, broker: Broker) {
  const { policy, readyBytes, subscribers, tally } = queue;
  const active = subscribers.active;
  return {
    arguments: jsonOf(queue.arguments),
    auto_delete: queue.autoDelete,
    consumers: subscribers.count,
    durable: queue.durable,
    effective_policy_definition: queue.applied?.definition ?? {},
    exclusive: queue.exclusive,
    memory: queueBytes(queue) + tally.memoryBytes,
    message_bytes: readyBytes + tally.unackedBytes,
    message_bytes_ready: readyBytes,
    message_bytes_unacknowledged: tally.unackedBytes,
    ...queueFigures(queue, broker.sampler),
    name: textOf(queue.name),
    node: NODE_NAME,
    operator_policy: null,
    policy: queue.applied === undefined ? null : textOf(queue.applied.name),
    single_active_consumer_tag: policy.singleActiveConsumer && active !== undefined
      ? textOf(active.tag)
      : null,
    state: "running",
    type: policy.quorum ? "quorum" : "classic",
    vhost: textOf(queue.vhost),
    ...(queue.exclusive ? ownerView(queue, broker) : {}),
  };
}

function ownerView(queue: Queue, broker: Broker) {
  const open = allConnections(broker).find(({ client }) => client === queue.owner);
  if (open === undefined) return {};
  const { host, port } = open.connection.path.peer;
  const name = connectionName(open);
  return { owner_pid_details: { name, peer_host: host, peer_port: port } };
}

function consumersView(queue: Queue, broker: Broker) {
  const consumers = consumersOf(allConnections(broker));
  return {
    consumer_details: consumers.filter(({ consumer }) => consumer.queue === queue)
      .map(consumerView),
  };
}

/** Deliveries of a queue that wait for their settlement, the oldest first. */
function unackedView(queue: Queue, broker: Broker) {
  const held = channelsOf(allConnections(broker)).flatMap((open) =>
    [...open.channel.unacked].filter((entry) => entry.queue === queue && !entry.released)
      .map((entry) => ({
        channel_details: channelDetails(open),
        consumer_tag: entry.subscriber === undefined ? null : textOf(entry.subscriber.tag),
        delivered_at: Math.round(entry.deliveredAtMs),
        delivery_tag: entry.deliveryTag,
        redelivered: entry.redelivered,
      }))
  );
  return held.sort((a, b) => a.delivered_at - b.delivered_at);
}
