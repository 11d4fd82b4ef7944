import process from "node:process";
import deno from "../../../deno.json" with { type: "json" };
import type { Broker } from "../broker.ts";
import type { Asker } from "./asker.ts";
import { totalFigures } from "./figures_with_rates.ts";
import { NODE_NAME } from "./node_name.ts";
import { channelsOf, consumersOf, openConnections } from "./open_connections.ts";
import type { Route } from "./route.ts";
import { textOf } from "../wire/octets.ts";

/** The broker as a whole: overview, its only node. */
export const BROKER_ROUTES: readonly Route[] = [
  { path: "overview", get: ({ broker, asker }) => overview(broker, asker) },
  { path: "cluster-name", get: () => ({ name: "worktool" }) },
  { path: "nodes", needs: "monitoring", get: ({ broker }) => [nodeView(broker)] },
  { path: "feature-flags", get: () => [] }, // it has none that could be off
  { path: "extensions", get: () => [] },
  {
    path: "nodes/*/memory",
    needs: "monitoring",
    get: ({ names }) => textOf(names[0]!) === NODE_NAME ? memoryView() : undefined,
  },
  {
    path: "nodes/*",
    needs: "monitoring",
    get: ({ broker, names }) => textOf(names[0]!) === NODE_NAME ? nodeView(broker) : undefined,
  },
];

function overview(broker: Broker, asker: Asker) {
  const vhosts = asker.vhosts();
  const connections = openConnections(broker, asker);
  return {
    management_version: deno.version,
    rabbitmq_version: broker.release.name,
    product_name: "worktool",
    product_version: deno.version,
    cluster_name: "worktool",
    node: NODE_NAME,
    rates_mode: "basic",
    statistics_db_event_queue: 0,
    listeners: broker.listeners.map(({ protocol, address, port }) => ({
      node: NODE_NAME,
      protocol,
      ip_address: address,
      port,
      socket_opts: {},
    })),
    ...totalFigures(vhosts, broker.churn, broker.sampler),
    object_totals: {
      channels: channelsOf(connections).length,
      connections: connections.length,
      consumers: consumersOf(connections).length,
      exchanges: vhosts.reduce((sum, { exchanges }) => sum + [...exchanges].length, 0),
      queues: vhosts.reduce((sum, { queues }) => sum + [...queues].length, 0),
    },
  };
}

/** What the process takes, in octets; what it takes it for is known of buffers alone. */
function memoryView() {
  const { rss, external } = process.memoryUsage();
  return { memory: { binary: external, strategy: "rss", total: { rss } } };
}

function nodeView(broker: Broker) {
  return {
    name: NODE_NAME,
    type: "disc",
    running: true,
    mem_alarm: broker.memory.short,
    mem_limit: Math.round(broker.settings.maxMemoryBytes),
    mem_used: process.memoryUsage.rss(),
    os_pid: `${process.pid}`,
    partitions: [],
    uptime: Math.round(performance.now()),
  };
}
