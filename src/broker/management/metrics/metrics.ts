import deno from "../../../../deno.json" with { type: "json" };
import type { Broker } from "../../broker.ts";
import { PlainText } from "../http_answer.ts";
import { NODE_NAME } from "../node_name.ts";
import { allConnections, channelsOf } from "../open_connections.ts";
import type { Query, Route } from "../route.ts";
import {
  ALARMS,
  BROKER_FAMILIES,
  CHANNEL_TOTALS,
  OBJECT_TOTALS,
  PROTOCOL_TOTALS,
} from "./broker_metrics.ts";
import { CHANNEL_FAMILIES, CONNECTION_FAMILIES } from "./connection_metrics.ts";
import { CLUSTER_EXCHANGES, CLUSTER_VHOSTS, EXCHANGE_FAMILIES } from "./exchange_metrics.ts";
import type { Families, Labels, Metric } from "./metric.ts";
import { MetricText } from "./metric_text.ts";
import { QUEUE_FAMILIES } from "./queue_metrics.ts";
import { textOf } from "../../wire/octets.ts";

/**
 * The metrics of RabbitMQ's plug-in rabbitmq_prometheus, as far as they are known here
 * (https://www.rabbitmq.com/docs/prometheus). They tell of all virtual hosts.
 */
export const METRIC_ROUTES: readonly Route[] = [
  { path: "metrics", needs: "monitoring", get: ({ broker }) => aggregated(broker) },
  { path: "metrics/per-object", needs: "monitoring", get: ({ broker }) => perObject(broker) },
  { path: "metrics/detailed", needs: "monitoring", get: detailed },
];

/** Of each kind, what there is, and what is told of it. */
interface Kind<T> {
  readonly all: Iterable<T>;
  readonly families: Families<T>;
}

/** What is counted of objects that have labels. @param vhosts names; undefined for all */
function kindsOf(broker: Broker, vhosts?: ReadonlySet<string>) {
  const chosen = [...broker.vhosts].filter(({ name }) => vhosts?.has(textOf(name)) ?? true);
  const connections = allConnections(broker);
  return {
    queues: { all: chosen.flatMap(({ queues }) => [...queues]), families: QUEUE_FAMILIES },
    exchanges: {
      all: chosen.flatMap((vhost) => [...vhost.exchanges]),
      families: EXCHANGE_FAMILIES,
    },
    channels: { all: channelsOf(connections), families: CHANNEL_FAMILIES },
    connections: { all: connections, families: CONNECTION_FAMILIES },
    vhosts: { all: chosen, families: CLUSTER_VHOSTS },
  };
}

function aggregated(broker: Broker): PlainText {
  const text = new MetricText("rabbitmq_");
  const { queues, exchanges, channels, connections } = kindsOf(broker);
  addAll(text, { all: [broker], families: BROKER_FAMILIES });
  addSums(text, queues);
  addSums(text, exchanges);
  addSums(text, channels);
  addSums(text, connections);
  for (const metric of [...CHANNEL_TOTALS, ...OBJECT_TOTALS, ...ALARMS]) {
    text.add(metric, [[[], metric.of(broker)]]);
  }
  for (const metric of PROTOCOL_TOTALS) {
    text.add(metric, [[[["protocol", "amqp091"]], metric.of(broker)]]);
  }
  return answer(text, broker, "aggregated");
}

function perObject(broker: Broker): PlainText {
  const text = new MetricText("rabbitmq_");
  const { queues, exchanges, channels, connections } = kindsOf(broker);
  addAll(text, { all: [broker], families: BROKER_FAMILIES });
  addAll(text, queues);
  addAll(text, exchanges);
  addAll(text, channels);
  addAll(text, connections);
  for (const metric of [...OBJECT_TOTALS, ...ALARMS]) text.add(metric, [[[], metric.of(broker)]]);
  return answer(text, broker, "per-object");
}

/** The families that are asked for, of the virtual hosts that are: `?family=…&vhost=…`. */
function detailed({ broker, parameters }: Query): PlainText {
  const names = new Set(parameters.getAll("family"));
  const vhosts = parameters.getAll("vhost");
  const kinds = kindsOf(broker, vhosts.length > 0 ? new Set(vhosts) : undefined);
  const text = new MetricText("rabbitmq_detailed_");
  addAll(text, { all: [broker], families: BROKER_FAMILIES }, names);
  addAll(text, kinds.queues, names);
  addAll(text, kinds.exchanges, names);
  addAll(text, kinds.channels, names);
  addAll(text, kinds.connections, names);
  const cluster = new MetricText("rabbitmq_cluster_");
  addAll(cluster, kinds.vhosts, names);
  addAll(cluster, { all: kinds.exchanges.all, families: CLUSTER_EXCHANGES }, names);
  return answer(text, broker, "detailed", `${cluster}`);
}

/** Every object with its labels. @param names of families; undefined for all */
function addAll<T>(text: MetricText, { all, families }: Kind<T>, names?: ReadonlySet<string>) {
  for (const [name, metrics] of Object.entries(families.metrics)) {
    if (names?.has(name) === false) continue;
    const labels = new Map<T, Labels>();
    for (const one of all) labels.set(one, families.labelsOf(one));
    for (const metric of metrics) {
      text.add(metric, labels.entries().map(([one, labels]) => [labels, metric.of(one)]));
    }
  }
}

function addSums<T>(text: MetricText, { all, families }: Kind<T>) {
  for (const metric of Object.values(families.metrics).flat()) {
    let sum = 0;
    for (const one of all) sum += metric.of(one);
    text.add(metric, [[[], sum]]);
  }
}

/** At every endpoint: which broker this is. */
function answer(text: MetricText, broker: Broker, endpoint: string, more = ""): PlainText {
  const info = new MetricText("rabbitmq_");
  const untyped = { type: "untyped", of: () => 1 } as const;
  const build: Metric<Broker> = {
    ...untyped,
    name: "build_info",
    help: "RabbitMQ & Erlang/OTP version info",
  };
  info.add(build, [[[
    ["rabbitmq_version", broker.release.name],
    ["product_name", "worktool"],
    ["product_version", deno.version],
  ], 1]]);
  const identity: Metric<Broker> = {
    ...untyped,
    name: "identity_info",
    help: "RabbitMQ node & cluster identity info",
  };
  info.add(identity, [[[
    ["rabbitmq_node", NODE_NAME],
    ["rabbitmq_cluster", "worktool"],
    ["rabbitmq_endpoint", endpoint],
  ], 1]]);
  return new PlainText("text/plain; version=0.0.4", `${text}${more}${info}`);
}
