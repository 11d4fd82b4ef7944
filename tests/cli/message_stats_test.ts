/** What brokers count of messages, as the management API tells it. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "amqplib";
import { brokerList, RELEASES } from "../support/broker_list.ts";
import { eventually } from "../support/deadline.ts";
import { messageTraffic } from "../support/message_traffic.ts";
import {
  type AskedBroker,
  askedRabbitMq,
  askedWorktool,
  askManagement,
} from "../support/management.ts";
import { Worktool } from "../support/worktool.ts";

type Json = Record<string, unknown>;

/** The statistics of every kind of object, without rates. */
async function counted(broker: AskedBroker): Promise<Json> {
  await using _connection = await messageTraffic(broker);
  const seen: Json = {};
  for (const path of ["queues", "exchanges", "channels", "vhosts", "overview"]) {
    const told = await askManagement(broker, path);
    for (const one of Array.isArray(told) ? told : [told]) {
      const { name, number = name, message_stats: stats = {} } = one as Json;
      if (name === "amq.rabbitmq.log") continue; // only nodes that log to it have it
      seen[`${path} ${number}`] = countsOf(stats as Json);
    }
  }
  const { message_bytes: bytes, message_bytes_ready: ready, message_bytes_unacknowledged: held } =
    await askManagement(broker, "queues/%2F/counted");
  return { ...seen, bytes: { bytes, ready, held } };
}

/** RabbitMQ tells of its disk too, and 3.10 counts what the default exchange has not routed. */
function countsOf(stats: Json): Json {
  return Object.fromEntries(
    Object.entries(stats).filter(([name, value]) =>
      typeof value === "number" && !name.startsWith("disk_") && name !== "publish_out"
    ).toSorted(([a], [b]) => a < b ? -1 : 1),
  );
}

Deno.test("the embedded broker counts what happens to messages", async () => {
  await using broker = await askedWorktool();
  const seen = await counted(broker);
  assert.deepEqual(seen["queues counted"], {
    ack: 2,
    deliver: 5,
    deliver_get: 8,
    deliver_no_ack: 0,
    get: 2,
    get_empty: 0,
    get_no_ack: 1,
    publish: 13,
    redeliver: 1,
  });
  assert.deepEqual(seen["exchanges fan"], { publish_in: 10 });
  assert.deepEqual(seen["bytes"], { bytes: 71 - 3 * 5, ready: 71 - 7 * 5, held: 4 * 5 });
});

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`the embedded broker counts as RabbitMQ does [${name}]`, async () => {
    await using node = await askedRabbitMq(scripts);
    const like = RELEASES.find((release) => name.includes(release)) ?? "4.3";
    await using broker = await askedWorktool("--like", like);
    assert.deepEqual(await counted(broker), await counted(node));
  });
}

Deno.test("who asks the embedded broker is told rates at once", async () => {
  await using broker = await askedWorktool();
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("busy");
  await channel.consume("busy", (message) => channel.ack(message!));
  const columns = ["--columns", "name,in,out"];
  await eventually("rates", async () => {
    for (let n = 0; n < 50; n++) channel.sendToQueue("busy", Buffer.from("task"));
    await channel.waitForConfirms();
    const { stdout } = await Worktool.run(
      ["queue", "ls", "--url", broker.url, "--management-url", broker.management, ...columns],
    );
    const [queue, into, out] = stdout.trim().split("\t");
    assert.equal(queue, "busy");
    return Number(into) > 0 && Number(out) > 0;
  });
  await connection.close();
});
