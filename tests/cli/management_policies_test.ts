/** A policy holds for the queues that it matches, on `worktool broker` as on RabbitMQ. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ConfirmChannel, connect } from "amqplib";
import { brokerList, RELEASES } from "../support/broker_list.ts";
import { eventually } from "../support/deadline.ts";
import {
  type AskedBroker,
  askedRabbitMq,
  askedWorktool,
  requestManagement,
} from "../support/management.ts";

type Arguments = Record<string, unknown>;

/** Puts a policy for one queue, and waits until the queue has it. */
async function apply(broker: AskedBroker, queue: string, definition: Arguments): Promise<void> {
  const body = { pattern: `^${queue}$`, definition, "apply-to": "queues" };
  const { status } = await requestManagement(broker, ["PUT", `policies/%2F/${queue}`], { body });
  assert.equal(status, 201);
  await eventually(`the policy of ${queue}`, async () => {
    const { body } = await requestManagement(broker, ["GET", `queues/%2F/${queue}`]);
    return body?.policy === queue;
  });
}

/** Publishes so many, one after the other. @returns how many were refused */
async function publish(channel: ConfirmChannel, queue: string, count: number): Promise<number> {
  let refused = 0;
  for (let n = 0; n < count; n++) {
    const { promise: settled, resolve } = Promise.withResolvers<unknown>();
    channel.sendToQueue(queue, Buffer.from(`${n}`), { persistent: true }, resolve);
    if (await settled) refused++;
  }
  return refused;
}

async function holds(what: string, channel: ConfirmChannel, queue: string, count: number) {
  await eventually(
    what,
    async () => (await channel.checkQueue(queue)).messageCount === count,
  );
}

async function policies(broker: AskedBroker): Promise<void> {
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  for (const type of ["classic", "quorum"]) {
    const queue = (name: string, table: Arguments = {}) =>
      channel.assertQueue(name, { arguments: { "x-queue-type": type, ...table } });

    // It holds for what is in the queue already, and no longer than it is there.
    const long = `long.${type}`;
    await queue(long, { "x-max-length": 4 });
    await publish(channel, long, 5);
    await holds("the queue's own limit", channel, long, 4);
    await apply(broker, long, { "max-length": 2 });
    await holds("the lower limit", channel, long, 2);
    await requestManagement(broker, ["DELETE", `policies/%2F/${long}`]);
    await eventually("no policy", async () => {
      await publish(channel, long, 1);
      return (await channel.checkQueue(long)).messageCount === 4;
    });

    // The lower time to live, and dead-lettering to where the policy says.
    const brief = `brief.${type}`;
    const dead = `dead.${type}`;
    await queue(dead);
    await queue(brief, { "x-message-ttl": 3_600_000 });
    await apply(broker, brief, {
      "message-ttl": 1,
      "dead-letter-exchange": "",
      "dead-letter-routing-key": dead,
    });
    await publish(channel, brief, 1);
    await holds("the dead letter", channel, dead, 1);
    const letter = await channel.get(dead, { noAck: true });
    assert.equal(letter && letter.properties.headers?.["x-first-death-reason"], "expired");

    // A queue that nobody uses goes.
    const gone = `gone.${type}`;
    await queue(gone);
    await requestManagement(broker, ["PUT", `policies/%2F/${gone}`], {
      body: { pattern: `^${gone}$`, definition: { expires: 1 } },
    });
    await eventually("the end of the queue", async () => {
      const { status } = await requestManagement(broker, ["GET", `queues/%2F/${gone}`]);
      return status === 404;
    });

    // Who wins where both say what happens to a full queue.
    const full = `full.${type}`;
    await queue(full, { "x-overflow": "drop-head" });
    await apply(broker, full, { "max-length": 1, overflow: "reject-publish" });
    assert.equal(await publish(channel, full, 4) > 0, type === "quorum", full);
  }

  const returned = "returned.quorum";
  await channel.assertQueue(returned, {
    arguments: { "x-queue-type": "quorum", "x-delivery-limit": 100 },
  });
  await apply(broker, returned, { "delivery-limit": 1 });
  await publish(channel, returned, 1);
  for (let n = 0; n < 2; n++) {
    await eventually("a delivery", async () => {
      const message = await channel.get(returned);
      if (message) channel.reject(message, true);
      return message !== false;
    });
  }
  await holds("the end of what came back too often", channel, returned, 0);
  await connection.close();
}

Deno.test("policies hold [embedded]", async () => {
  await using broker = await askedWorktool();
  await policies(broker);
});

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`policies hold [${name}]`, async () => {
    await using node = await askedRabbitMq(scripts);
    await policies(node);
  });
  Deno.test(`policies hold [embedded, like ${name}]`, async () => {
    const like = RELEASES.find((release) => name.includes(release)) ?? "4.3";
    await using broker = await askedWorktool("--like", like);
    await policies(broker);
  });
}
