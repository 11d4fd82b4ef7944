/** Long and many ways of dead letters: each arrives, once and in order, while others are served. */
import assert from "node:assert/strict";
import { behaviour } from "./brokers.ts";
import { consume, send } from "./client.ts";
import { numbered } from "./queues.ts";

behaviour("dead letters pass a chain of 100 queues in order", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue: end } = await channel.assertQueue("", { exclusive: true });
  const hops = Array.from({ length: 100 }, () => `hop-${crypto.randomUUID()}`);
  const rest = { exclusive: true, messageTtl: 0, deadLetterExchange: "" };
  await Promise.all(hops.map((queue, hop) => {
    const deadLetterRoutingKey = hops[hop + 1] ?? end;
    return channel.assertQueue(queue, { ...rest, deadLetterRoutingKey });
  }));
  const letters = await consume(channel, end);
  const bodies = numbered(3);
  send(channel, hops[0]!, ...bodies);
  for (const body of bodies) assert.equal((await letters.next()).content.toString(), body);
});

behaviour("a letter takes every way through five queues that feed each other", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange } = await channel.assertExchange(`ways-${crypto.randomUUID()}`, "fanout", {
    autoDelete: true,
  });
  const letter = { exclusive: true, deadLetterExchange: exchange };
  const { queue: end } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(end, exchange, "");
  const queues: string[] = [];
  for (let index = 0; index < 5; index++) {
    const { queue } = await channel.assertQueue("", { ...letter, messageTtl: 0 });
    queues.push(queue);
    await channel.bindQueue(queue, exchange, "");
  }
  const letters = await consume(channel, end);
  send(channel, queues[0]!, "a");
  // 1 from the first queue, 4 from the second on the way, 4 x 3 from the third, and so on.
  const ways = 1 + 4 + 4 * 3 + 4 * 3 * 2 + 4 * 3 * 2 * 1;
  const seen = new Set<string>();
  for (let way = 0; way < ways; way++) {
    const { headers } = (await letters.next()).properties;
    const deaths = headers!["x-death"] as { queue: string }[];
    seen.add(deaths.map(({ queue }) => queue).join());
  }
  assert.equal(seen.size, ways);
});
