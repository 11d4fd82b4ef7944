/** A data directory on a disk that fills up. */
import assert from "node:assert/strict";
import type { ConfirmChannel } from "amqplib";
import { channelRefused, confirmed } from "../conformance/client.ts";
import { within } from "../support/deadline.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const DISK_BYTES = 12_000_000;
const BALLAST_BYTES = 8_000_000;
const BODY_BYTES = 10_000;
/** What must fit before the disk is full, or the test shows nothing. */
const FEWEST_MESSAGES = 50;
/** Publishes while it is full. */
const REFUSED = 20;

const obstacle = await ScratchDirectory.obstacle();
const tests = {
  "a full disk refuses publishers, loses nothing, and goes on when there is room": publishing,
  "a full disk refuses declarations, and forgets no deletion": declaring,
};
for (const [sentence, body] of Object.entries(tests)) {
  if (obstacle) Deno.test.ignore(`${sentence} [${obstacle}]`, () => {});
  else Deno.test(sentence, body);
}

async function publishing(): Promise<void> {
  await using disk = await ScratchDirectory.ofSize(DISK_BYTES);
  const ballast = `${disk.path}/ballast`;
  const data = `${disk.path}/data`;
  await Deno.writeFile(ballast, new Uint8Array(BALLAST_BYTES));
  /** Confirmed and not yet acked. */
  const kept: string[] = [];
  let next = 0;
  {
    await using broker = await BrokerProcess.start(data);
    const channel = await (await broker.connect()).createConfirmChannel();
    await channel.assertQueue("queue", { durable: true });
    while (await publish(channel, `${next}`)) {
      kept.push(`${next++}`);
      assert(kept.length * BODY_BYTES < DISK_BYTES, "it confirmed more than the disk holds");
    }
    assert(kept.length >= FEWEST_MESSAGES, `only ${kept.length} messages fitted`);
    await broker.logged(
      /the data directory cannot be written: .*full\. Publishers get a basic.nack/,
    );
    for (let count = 0; count < REFUSED; count++) {
      if (await publish(channel, `${++next}`)) kept.push(`${next}`); // then it must have found room
    }

    // Consumers go on: half of it is drained, the rest must outlive the broker.
    for (const body of kept.splice(0, kept.length / 2)) assert.equal(await take(channel), body);

    await Deno.remove(ballast);
    for (let count = 0; count < FEWEST_MESSAGES; count++) {
      assert(await publish(channel, `${++next}`), `${next} was refused though there is room`);
      kept.push(`${next}`); // its confirm says that the acks are written too
    }
    broker.kill();
    await broker.exited;
  }
  await using broker = await BrokerProcess.start(data);
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  const found: string[] = [];
  for (let body = await take(channel); body; body = await take(channel)) found.push(body);
  assert.deepEqual(found, kept);
  await connection.close();
  assert.equal((await broker.stop()).code, 0);
}

async function declaring(): Promise<void> {
  await using disk = await ScratchDirectory.ofSize(DISK_BYTES);
  const ballast = `${disk.path}/ballast`;
  const data = `${disk.path}/data`;
  await Deno.writeFile(ballast, new Uint8Array(BALLAST_BYTES));
  {
    await using broker = await BrokerProcess.start(data);
    const leaving = await broker.connect();
    const consumer = await leaving.createChannel();
    await consumer.assertQueue("goes with its consumer", { durable: true, autoDelete: true });
    await consumer.consume("goes with its consumer", () => {});
    const staying = await broker.connect();
    const channel = await staying.createConfirmChannel();
    await channel.assertQueue("queue", { durable: true });
    await channel.assertQueue("deleted", { durable: true });
    for (const bytes of [BODY_BYTES, 1]) { // to the last octet
      const body = "x".repeat(bytes);
      const options = { persistent: true };
      while (await confirmed(channel, { routingKey: "queue" }, body, options) === "ack");
    }

    await within(leaving.close(), "connection.close-ok");
    await within(channel.deleteQueue("deleted"), "queue.delete-ok");
    const closed = new Promise((resolve) => staying.on("close", resolve));
    const refused = channel.assertQueue("x".repeat(BODY_BYTES / 50), { durable: true });
    await assert.rejects(refused);
    await within(closed, "connection.close");
    await broker.logged(/closed: 541 INTERNAL_ERROR - the data directory cannot be written/);

    await Deno.remove(ballast);
    const again = await (await broker.connect()).createConfirmChannel();
    await again.assertQueue("deleted", { durable: true, maxLength: 1 }); // another of that name
    await again.deleteQueue("deleted");
    broker.kill();
    assert.doesNotMatch((await broker.exited).stderr, /a bug in worktool/);
  }
  await using broker = await BrokerProcess.start(data);
  for (const queue of ["goes with its consumer", "deleted"]) {
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    await channelRefused(channel, 404, () => channel.checkQueue(queue));
    await connection.close();
  }
  assert.equal((await broker.stop()).code, 0);
}

/** Publishes one persistent message. @returns whether it was confirmed. */
async function publish(channel: ConfirmChannel, id: string): Promise<boolean> {
  const body = id.padEnd(BODY_BYTES);
  return await confirmed(channel, { routingKey: "queue" }, body, { persistent: true }) === "ack";
}

/** Gets and acks the oldest message. */
async function take(channel: ConfirmChannel): Promise<string | undefined> {
  const message = await channel.get("queue");
  if (!message) return undefined;
  channel.ack(message);
  return message.content.toString().trim();
}
