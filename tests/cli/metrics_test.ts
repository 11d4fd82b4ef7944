/** The metrics for Prometheus of `worktool broker`, beside those of RabbitMQ's plug-in. */
import assert from "node:assert/strict";
import { connect } from "amqplib";
import { brokerList, RELEASES } from "../support/broker_list.ts";
import { type AskedBroker, askedRabbitMq, askedWorktool } from "../support/management.ts";
import { messageTraffic } from "../support/message_traffic.ts";

const FAMILIES = [
  "connection_churn_metrics",
  "node_coarse_metrics",
  "node_metrics",
  "queue_coarse_metrics",
  "queue_metrics",
  "queue_consumer_count",
  "queue_delivery_metrics",
  "exchange_metrics",
  "channel_metrics",
  "connection_coarse_metrics",
  "connection_metrics",
  "vhost_status",
  "exchange_names",
  "exchange_bindings",
];
const ENDPOINTS = [
  "metrics",
  "metrics/per-object",
  `metrics/detailed?vhost=%2F&${FAMILIES.map((family) => `family=${family}`).join("&")}`,
];

/** What every broker has values of its own for. */
const OWN_VALUES = /memory|_ram|bytes_total|packets|closed_total|_info$/;
/** And labels. */
const OWN_LABELS = /_info$/;

interface Metric {
  readonly type: string;
  readonly help: string;
  /** By their labels. */
  readonly values: Map<string, number>;
}

/** Reads the text format of Prometheus; each name is told once, with its type and its help. */
function metricsIn(text: string): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  for (const line of text.split("\n")) {
    const [, kind, name, rest] = /^# (TYPE|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "TYPE") {
      assert.ok(!metrics.has(name!), `${name} twice`);
      metrics.set(name!, { type: rest!, help: "", values: new Map() });
    } else if (kind === "HELP") metrics.set(name!, { ...metrics.get(name!)!, help: rest! });
    else if (line !== "") {
      const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      metrics.get(name!)?.values.set(labels, Number(value));
    }
  }
  return metrics;
}

async function metricsOf({ prometheus }: AskedBroker, endpoint: string) {
  const headers = { authorization: `Basic ${btoa("guest:guest")}` };
  const answer = await fetch(`${prometheus}${endpoint}`, { headers });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  return metricsIn(await answer.text());
}

function labelNames(labels: string): string {
  return labels.replaceAll(/="(?:[^"\\]|\\.)*"/g, "");
}

/** Where a metric is not RabbitMQ's. */
function differences(name: string, own: Metric, theirs: Metric): string[] {
  const found: string[] = [];
  if (own.type !== theirs.type) found.push(`${name} is a ${own.type}, not a ${theirs.type}`);
  const known = [...theirs.values.keys()].map(labelNames);
  for (const [labels, value] of own.values) {
    const names = labelNames(labels);
    if (!known.includes(names) && !OWN_LABELS.test(name)) {
      found.push(`${name}{${names}}, not {${known[0]}}`);
    }
    const other = theirs.values.get(labels);
    if (other === undefined || OWN_VALUES.test(name) || other === value) continue;
    found.push(`${name}{${labels}} is ${value}, not ${other}`);
  }
  return found;
}

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`metrics for Prometheus are RabbitMQ's [${name}]`, async () => {
    await using node = await askedRabbitMq(scripts);
    const like = RELEASES.find((release) => name.includes(release)) ?? "4.3";
    await using broker = await askedWorktool("--like", like);
    await using _theirTraffic = await messageTraffic(node);
    await using _ownTraffic = await messageTraffic(broker);
    const differing: string[] = [];
    for (const endpoint of ENDPOINTS) {
      const theirs = await metricsOf(node, endpoint);
      const own = await metricsOf(broker, endpoint);
      assert.ok(own.size > 30, `${own.size} in ${endpoint}`);
      for (const [metric, told] of own) {
        const other = theirs.get(metric);
        if (other !== undefined) differing.push(...differences(metric, told, other));
        // Older releases know fewer.
        else if (like === "4.3") differing.push(`${metric} is unknown`);
      }
    }
    assert.deepEqual([...new Set(differing)], []);
  });
}

Deno.test("metrics: families and virtual hosts are chosen, names are escaped", async () => {
  await using broker = await askedWorktool("--vhost", "/", "--vhost", "other");
  const connection = await connect(broker.url);
  const channel = await connection.createChannel();
  await channel.assertQueue('quo"te\\');
  const choice = "metrics/detailed?family=queue_consumer_count&family=nothing";
  const chosen = await metricsOf(broker, choice);
  const name = "rabbitmq_detailed_queue_consumers";
  assert.deepEqual(
    [...chosen.keys()].filter((name) => !name.endsWith("_info")),
    [name],
  );
  assert.deepEqual([...chosen.get(name)!.values], [['vhost="/",queue="quo\\"te\\\\"', 0]]);
  assert.equal((await metricsOf(broker, `${choice}&vhost=other`)).get(name)!.values.size, 0);
  await connection.close();
});

Deno.test("metrics: no data without credentials of one who may see all", async () => {
  const users = ["--user", "guest:guest", "--user", "some:p", "--user-tags", "some:management"];
  await using broker = await askedWorktool(...users);
  for (const endpoint of ENDPOINTS) {
    const nobody = await fetch(`${broker.prometheus}${endpoint}`);
    assert.equal(nobody.status, 401);
    await nobody.body?.cancel();
    const headers = { authorization: `Basic ${btoa("some:p")}` };
    const one = await fetch(`${broker.prometheus}${endpoint}`, { headers });
    assert.deepEqual([one.status, (await one.json()).reason], [401, "Not monitor user"]);
  }
  const missing = await fetch(`${broker.prometheus}metrics/nothing`);
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
});
