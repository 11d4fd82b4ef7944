/** @cloudamqp/amqp-client: its client, and its session that reconnects by itself. */
import { type AMQPChannel, AMQPClient, AMQPSession } from "@cloudamqp/amqp-client";
import { Inbox } from "../support/inbox.ts";
import { foreignClient } from "./foreign_client.ts";

const PERSISTENT = { deliveryMode: 2 };

foreignClient("@cloudamqp/amqp-client", {
  async work(url, queue, bodies) {
    await using client = await connect(url);
    const channel = await client.confirmChannel();
    await channel.queueDeclare(queue, { durable: true });
    for (const body of bodies) await channel.basicPublish("", queue, body, PERSISTENT);
    const { messageCount } = await channel.queueDeclare(queue, { passive: true });
    const received: string[] = [];
    const consumer = await channel.basicConsume(queue, { noAck: false });
    for await (const message of consumer.messages) {
      received.push(message.bodyString()!);
      await message.ack();
      if (received.length === bodies.length) break;
    }
    const left = await channel.queueDeclare(queue, { passive: true });
    return { ready: messageCount, received, left: left.messageCount };
  },

  async nack(url, queue, deadLetterQueue) {
    await using client = await connect(url);
    const channel = await client.confirmChannel();
    await channel.queueDeclare(deadLetterQueue, { durable: true });
    await channel.queueDeclare(queue, { durable: true }, {
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": deadLetterQueue,
    });
    await channel.basicPublish("", queue, "bad", PERSISTENT);
    const redelivered: boolean[] = [];
    const consumer = await channel.basicConsume(queue, { noAck: false });
    for await (const message of consumer.messages) {
      redelivered.push(message.redelivered);
      await message.nack(!message.redelivered);
      if (message.redelivered) break;
    }
    const deadLetters = await channel.basicConsume(deadLetterQueue, { noAck: false });
    for await (const message of deadLetters.messages) {
      await message.ack();
      const deaths = message.properties.headers!["x-death"] as unknown as { reason: string }[];
      return { redelivered, dead: [message.bodyString()!, deaths[0]!.reason] };
    }
    throw new Error("the consumer of dead letters ended");
  },

  async errors(url, queue, missingQueue) {
    await using client = await connect(url);
    await (await client.channel()).queueDeclare(queue, { durable: true });
    const refused = [
      (channel: AMQPChannel) => channel.queueDeclare(queue, { durable: false }),
      (channel: AMQPChannel) => channel.basicGet(missingQueue),
    ];
    const names: string[] = [];
    for (const ask of refused) {
      try {
        await ask(await client.channel());
      } catch (error) {
        names.push(/closed: ([A-Z_]+)/.exec((error as Error).message)![1]!);
      }
    }
    const channel = await client.confirmChannel();
    channel.onReturn = (message) => names.push(message.replyText!);
    await channel.basicPublish("", missingQueue, "lost", {}, true); // confirmed after the return
    return names;
  },

  async outlive(url, queue, restart) {
    const reconnected = Promise.withResolvers<void>();
    let connections = 0;
    const session = await AMQPSession.connect(url, {
      reconnectInterval: 50,
      backoffMultiplier: 1,
      onconnect: () => connections++ > 0 && reconnected.resolve(),
    });
    const durable = await session.queue(queue, { durable: true });
    for (const body of ["a", "b", "c"]) await durable.publish(body);
    await restart();
    await reconnected.promise;
    await durable.publish("d");
    const bodies = new Inbox<string>();
    await durable.subscribe({}, (message) => bodies.push(message.bodyString()!));
    const received: string[] = [];
    while (received.length < 4) received.push(await bodies.next("a delivery"));
    await session.stop();
    return received;
  },
});

/** A connection that ends with its scope, and does not print what the test looks at. */
async function connect(url: string) {
  const client = new AMQPClient(url, undefined, null);
  await client.connect();
  return {
    async channel() {
      const channel = await client.channel();
      channel.onerror = () => {};
      return channel;
    },
    async confirmChannel() {
      const channel = await this.channel();
      await channel.confirmSelect();
      return channel;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
