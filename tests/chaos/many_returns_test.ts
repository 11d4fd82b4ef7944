/** A consumer without a prefetch takes all there is, and dies. */
import assert from "node:assert/strict";
import type { Channel, ConsumeMessage, GetMessage } from "amqplib";
import { get } from "../conformance/client.ts";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { eventually, within } from "../support/deadline.ts";
import { publishAll } from "./message_stream.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** More than return at once. */
const MESSAGES = 20_000;

for (const type of ["classic", "quorum"]) {
  Deno.test(`what a dead consumer held comes again, in order, and after a stop (${type})`, async () => {
    await using directory = await ScratchDirectory.make();
    {
      await using broker = await BrokerProcess.start(directory.path);
      await using peer = await AmqpPeer.open(broker.url);
      await peer.openChannel(1);
      const args = { "x-queue-type": type };
      await peer.call(1, "queue.declare", { queue: "q", durable: true, arguments: args });
      await peer.call(1, "confirm.select");
      const properties = { deliveryMode: 2 };
      await publishAll(peer, 0, MESSAGES, { publish: { routingKey: "q" }, properties });
      await takeAllAndDie(broker);

      const connection = await broker.connect();
      const channel = await connection.createChannel();
      await eventually("all that it held is back", async () => {
        return (await channel.checkQueue("q")).messageCount === MESSAGES;
      });
      const first = await get(channel, "q", {});
      const rest = await taken(channel, MESSAGES - 1);
      assert.deepEqual(
        [first, ...rest].map(numberIn),
        Array.from({ length: MESSAGES }, (_, n) => n),
      );
      assert(rest.every(({ fields }) => fields.redelivered));
      await connection.close();
      await takeAllAndDie(broker);
      assert.equal((await broker.stop()).code, 0);
    }
    await using broker = await BrokerProcess.start(directory.path);
    const connection = await broker.connect();
    const messages = await taken(await connection.createChannel(), MESSAGES);
    assert(messages.every(({ fields }) => fields.redelivered));
    if (type === "quorum") {
      const counts = messages.map(({ properties }) => properties.headers?.["x-delivery-count"]);
      assert.deepEqual([...new Set(counts)], [3]);
    }
    await connection.close();
    assert.equal((await broker.stop()).code, 0);
  });
}

const numberIn = ({ content }: ConsumeMessage | GetMessage) => Number(content);

/** Takes them all without acknowledging any, and ends its connection. */
async function takeAllAndDie(broker: BrokerProcess): Promise<void> {
  await using peer = await AmqpPeer.open(broker.url);
  await peer.openChannel(1);
  await peer.call(1, "basic.consume", { queue: "q" });
  for (let taken = 0; taken < MESSAGES; taken++) await peer.expectContent("basic.deliver", 1);
}

/** The next so many deliveries. */
async function taken(channel: Channel, count: number): Promise<ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  const all = new Promise<void>((resolve) => {
    void channel.consume("q", (message) => {
      if (messages.push(message!) === count) resolve();
    });
  });
  await within(all, () => `${count - messages.length} more deliveries`);
  return messages;
}
