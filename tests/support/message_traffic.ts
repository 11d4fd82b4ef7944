// deno-lint-ignore-file camelcase -- RabbitMQ's names
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Channel, type ConfirmChannel, connect, type GetMessage } from "amqplib";
import { eventually, within } from "./deadline.ts";
import { type AskedBroker, askManagement } from "./management.ts";

/** By which it is known that a broker has counted all of it. */
const ALL = { publish: 15, deliver_get: 8, redeliver: 1, get_empty: 1, ack: 2 };

/**
 * Something of everything through a broker, which has counted all of it: messages confirmed,
 * returned, dropped, consumed, got and acknowledged on two channels of a connection that stays
 * open. The queues are `counted` and `never-used`, the exchange is `fan`.
 */
export async function messageTraffic(broker: AskedBroker): Promise<AsyncDisposable> {
  const connection = await connect(broker.url);
  const publisher = await connection.createConfirmChannel();
  publisher.on("return", () => {});
  await pass(publisher, await connection.createChannel());
  await eventually("all is counted", async () => {
    const { message_stats: stats } = await askManagement(broker, "overview");
    return Object.entries(ALL).every(([name, count]) => stats?.[name] >= count);
  });
  return { [Symbol.asyncDispose]: () => connection.close() };
}

async function pass(publisher: ConfirmChannel, consumer: Channel): Promise<void> {
  await publisher.assertExchange("fan", "fanout");
  await publisher.assertQueue("counted");
  await publisher.assertQueue("never-used");
  await publisher.bindQueue("counted", "fan", "");
  for (let n = 0; n < 10; n++) publisher.publish("fan", "", Buffer.from("12345"));
  for (let n = 0; n < 3; n++) publisher.sendToQueue("counted", Buffer.from("1234567"));
  publisher.publish("", "nowhere", Buffer.from("returned"), { mandatory: true });
  publisher.publish("", "nowhere", Buffer.from("dropped"));
  await publisher.waitForConfirms();

  assert.equal(await publisher.get("never-used"), false);
  publisher.nack(await publisher.get("counted") as GetMessage); // and back
  publisher.ack(await publisher.get("counted") as GetMessage);
  await publisher.get("counted", { noAck: true });
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let delivered = 0;
  await consumer.prefetch(4);
  await consumer.consume("counted", (message) => {
    if (++delivered === 1) consumer.ack(message!);
    if (delivered === 5) resolve();
  });
  await within(all, "five deliveries");
}
