/** rabbitmq-client, whose connection, publishers and consumers reconnect by themselves. */
import { Connection, ConsumerStatus } from "rabbitmq-client";
import { Inbox } from "../support/inbox.ts";
import { foreignClient } from "./foreign_client.ts";

foreignClient("rabbitmq-client", {
  async work(url, queue, bodies) {
    await using client = connect(url);
    const { rabbit } = client;
    await rabbit.queueDeclare({ queue, durable: true });
    const publisher = client.publisher();
    for (const body of bodies) await publisher.send({ routingKey: queue, durable: true }, body);
    const { messageCount } = await rabbit.queueDeclare({ queue, passive: true });
    const received: string[] = [];
    const all = Promise.withResolvers<void>();
    const consumer = rabbit.createConsumer({ ...existing(queue), concurrency: 1 }, (message) => {
      received.push(text(message.body));
      if (received.length === bodies.length) all.resolve();
    });
    await all.promise;
    await consumer.close(); // after the acks
    const left = await rabbit.queueDeclare({ queue, passive: true });
    return { ready: messageCount, received, left: left.messageCount };
  },

  async nack(url, queue, deadLetterQueue) {
    await using client = connect(url);
    const { rabbit } = client;
    await rabbit.queueDeclare({ queue: deadLetterQueue, durable: true });
    await rabbit.queueDeclare({
      queue,
      durable: true,
      arguments: { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": deadLetterQueue },
    });
    await client.publisher().send({ routingKey: queue, durable: true }, "bad");
    const redelivered: boolean[] = [];
    const consumer = rabbit.createConsumer(existing(queue), (message) => {
      redelivered.push(message.redelivered);
      return message.redelivered ? ConsumerStatus.DROP : ConsumerStatus.REQUEUE;
    });
    const dead = Promise.withResolvers<[string, string]>();
    const deadLetters = rabbit.createConsumer(existing(deadLetterQueue), (message) => {
      dead.resolve([text(message.body), message.headers!["x-death"][0].reason]);
    });
    const letter = await dead.promise;
    await consumer.close();
    await deadLetters.close();
    return { redelivered, dead: letter };
  },

  async errors(url, queue, missingQueue) {
    await using client = connect(url);
    const { rabbit } = client;
    await rabbit.queueDeclare({ queue, durable: true });
    const names: string[] = [];
    const refused = [
      () => rabbit.queueDeclare({ queue, durable: false }),
      () => rabbit.basicGet(missingQueue),
    ];
    for (const ask of refused) await ask().catch((error) => names.push(error.code));
    const publisher = client.publisher().on("basic.return", ({ replyText }) => {
      names.push(replyText);
    });
    const message = { routingKey: missingQueue, mandatory: true };
    await publisher.send(message, "lost"); // confirmed after the return
    return names;
  },

  async outlive(url, queue, restart) {
    await using client = connect(url);
    const { rabbit } = client;
    await rabbit.queueDeclare({ queue, durable: true });
    const publisher = client.publisher();
    for (const body of "abc") await publisher.send({ routingKey: queue, durable: true }, body);
    // Holds its first delivery until the broker is gone, so that nothing is acked before.
    const restarted = Promise.withResolvers<void>();
    const holding = Promise.withResolvers<void>();
    const bodies = new Inbox<string>();
    const options = { ...existing(queue), concurrency: 1, qos: { prefetchCount: 1 } };
    const consumer = rabbit.createConsumer(options, async (message) => {
      holding.resolve();
      await restarted.promise;
      bodies.push(text(message.body));
    });
    consumer.on("error", () => {}); // it says that the channel is gone
    await holding.promise;
    await restart();
    restarted.resolve();
    await publisher.send({ routingKey: queue, durable: true }, "d");
    const received: string[] = [];
    while (received.at(-1) !== "d") received.push(await bodies.next("a delivery"));
    await consumer.close();
    return received.slice(received.lastIndexOf("a")); // what it held before comes again
  },
});

/** A connection that ends with its scope. */
function connect(url: string) {
  const rabbit = new Connection({ url, retryLow: 20, retryHigh: 100 });
  rabbit.on("error", () => {}); // of a restart; anything else fails the call it belongs to
  const publishers: { close(): Promise<void> }[] = [];
  return {
    rabbit,
    publisher() {
      const publisher = rabbit.createPublisher({ confirm: true, maxAttempts: 5 });
      publishers.push(publisher);
      return publisher;
    },
    async [Symbol.asyncDispose]() {
      for (const publisher of publishers) await publisher.close();
      await rabbit.close();
    },
  };
}

/** A queue that a consumer must not declare in its own way. */
function existing(queue: string) {
  return { queue, queueOptions: { passive: true } };
}

/** It decodes text by itself, and leaves an empty body empty. */
function text(body: unknown): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body as Uint8Array);
}
