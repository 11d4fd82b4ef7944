/** Users, what they may configure, write and read, and virtual hosts. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel, Options } from "amqplib";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { channelRefused, Client, get, send } from "./client.ts";
import { scenario } from "../support/own_brokers.ts";

/** May do everything with names that begin with `mine`, write to `inbox`, and read `outbox`. */
const limited = {
  name: "limited",
  password: "secret",
  configure: "^mine",
  write: "^(mine|inbox|amq\\.direct|amq\\.default)",
  read: "^(mine|outbox|amq\\.topic)",
};
/** May log in and no more. */
const powerless = { name: "powerless", password: "pw", configure: "^$", write: "^$", read: "^$" };

type Attempt = [sentence: string, attempt: (channel: ConfirmChannel) => unknown];

const refused: Attempt[] = [
  ["declare another's queue", (channel) => channel.assertQueue("theirs")],
  ["delete another's queue", (channel) => channel.deleteQueue("inbox")],
  ["declare another's exchange", (channel) => channel.assertExchange("theirs", "direct")],
  ["delete another's exchange", (channel) => channel.deleteExchange("theirs")],
  ["publish to another's exchange", (channel) => publish(channel, "amq.fanout")],
  ["consume from a queue it may not read", (channel) => channel.consume("inbox", () => {})],
  ["get from a queue it may not read", (channel) => channel.get("inbox")],
  ["purge a queue it may not read", (channel) => channel.purgeQueue("inbox")],
  ["bind a queue it may not write to", (channel) => channel.bindQueue("outbox", "amq.topic", "k")],
  [
    "bind to an exchange it may not read",
    (channel) => channel.bindQueue("inbox", "amq.direct", "k"),
  ],
  ["unbind a queue it may not write to", (channel) => {
    return channel.unbindQueue("outbox", "amq.topic", "k");
  }],
  ["bind an exchange to one it may not read", (channel) => {
    return channel.bindExchange("amq.direct", "amq.fanout", "k");
  }],
  ["declare a queue whose dead letters it may not write", (channel) => {
    return channel.assertQueue("mine.dead", { deadLetterExchange: "amq.fanout" });
  }],
  ["declare an exchange whose alternate it may not write to", (channel) => {
    return channel.assertExchange("mine.ae", "direct", { alternateExchange: "amq.fanout" });
  }],
];

const allowed: Attempt[] = [
  ["declare, use and delete its own queue", async (channel) => {
    await channel.assertQueue("mine.queue");
    send(channel, "mine.queue", "x");
    await get(channel, "mine.queue");
    await channel.deleteQueue("mine.queue");
  }],
  ["check a queue and an exchange that it may write to", async (channel) => {
    await channel.checkQueue("inbox");
    await channel.checkExchange("amq.direct");
  }],
  ["publish to a queue through the default exchange", async (channel) => {
    send(channel, "inbox", "x");
    await channel.waitForConfirms();
  }],
  ["read a queue that it may not write to", (channel) => channel.get("outbox")],
  ["bind a queue it may write to, to an exchange it may read", (channel) => {
    return channel.bindQueue("inbox", "amq.topic", "k");
  }],
];

/** May publish in the name of others. */
const impersonator = {
  name: "impersonator",
  password: "pw",
  configure: "^$",
  write: ".*",
  read: "^$",
  tags: ["impersonator"],
};

const options = { users: [limited, powerless, impersonator], vhosts: ["second"] };

scenario("users and virtual hosts", options, async (broker, step) => {
  await declareQueues(broker.url, {}, ["inbox", "outbox"]);
  await using client = await Client.connect(broker.url, credentials(limited));

  for (const [sentence, attempt] of refused) {
    await step(`a user may not ${sentence}: 403`, async () => {
      const channel = await client.channel();
      await channelRefused(channel, 403, () => attempt(channel));
    });
  }
  for (const [sentence, attempt] of allowed) {
    await step(`a user may ${sentence}`, async () => {
      await attempt(await client.channel());
    });
  }
  await step("a user without rights may open a channel and nothing else", async () => {
    await using client = await Client.connect(broker.url, credentials(powerless));
    const channel = await client.channel();
    await channelRefused(channel, 403, () => channel.assertQueue("anything"));
  });
  await step("a user without rights in a virtual host is refused with 530", async () => {
    await using peer = await AmqpPeer.dial(broker.url);
    await peer.login(broker.url, { user: limited.name, password: limited.password });
    peer.send(0, "connection.open", { virtualHost: "second" });
    await peer.expectConnectionClose(530);
  });
  await step("virtual hosts know nothing of each other's queues", async () => {
    await declareQueues(broker.url, { vhost: "second" }, ["apart"]);
    await using client = await Client.connect(broker.url);
    const channel = await client.channel();
    await channelRefused(channel, 404, () => channel.checkQueue("apart"));
  });
  await step("a virtual host has its own system exchanges", async () => {
    await using client = await Client.connect(broker.url, { vhost: "second" });
    await (await client.channel()).checkExchange("amq.topic");
  });
  await step("checking an exchange takes any right on it, since 4.3", async () => {
    const channel = await client.channel();
    const check = () => channel.checkExchange("amq.fanout");
    if (broker.release === "4.3") await channelRefused(channel, 403, check);
    else await check();
  });
  await step("a user-id that is another's is refused with 406", async () => {
    const channel = await client.channel();
    const publish = () => channel.publish("", "inbox", Buffer.from("x"), { userId: "guest" });
    await channelRefused(channel, 406, publish);
  });
  await step("a user-id that is another's is accepted of an impersonator", async () => {
    await using client = await Client.connect(broker.url, credentials(impersonator));
    const channel = await client.channel();
    channel.publish("", "inbox", Buffer.from("x"), { userId: "guest" });
    await channel.waitForConfirms();
  });
  await step("a user-id that is the login's own is accepted", async () => {
    const channel = await client.channel();
    channel.publish("", "inbox", Buffer.from("x"), { userId: limited.name });
    await channel.waitForConfirms();
    assert(!client.isClosed);
  });
});

function publish(channel: ConfirmChannel, exchange: string, options: Options.Publish = {}): void {
  channel.publish(exchange, "k", Buffer.from("x"), options);
}

function credentials({ name, password }: { name: string; password: string }) {
  return { user: name, password };
}

async function declareQueues(url: string, where: { vhost?: string }, queues: string[]) {
  await using client = await Client.connect(url, where);
  const channel = await client.channel();
  for (const queue of queues) await channel.assertQueue(queue);
}
