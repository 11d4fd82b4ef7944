/** Random sequences of operations on a queue, beside a model that a reader can check by eye. */
import assert from "node:assert/strict";
import type { ConfirmChannel, GetMessage } from "amqplib";
import fc from "fast-check";
import { behaviour } from "./brokers.ts";
import { drain, send } from "./client.ts";
import { holds } from "../support/property.ts";

interface Message {
  body: string;
  redelivered: boolean;
}

/** A queue as the rules say: what is put back returns to its place, marked as redelivered. */
class QueueModel {
  readonly all: Message[] = [];
  ready: Message[] = [];

  publish(message: Message): void {
    this.all.push(message);
    this.ready.push(message);
  }

  requeue(messages: Message[]): void {
    for (const message of messages) message.redelivered = true;
    const ready = new Set([...this.ready, ...messages]);
    this.ready = this.all.filter((message) => ready.has(message));
  }
}

/** A message held unacknowledged: as the broker delivered it, and as the model knows it. */
interface Held {
  delivery: GetMessage;
  message: Message;
}

interface State {
  channel: ConfirmChannel;
  queue: string;
  model: QueueModel;
  held: Held[];
}

type Operation = { do: "publish" | "get" | "purge" | "recover" } | Settle;
interface Settle {
  do: "ack" | "nack" | "reject";
  which: number;
  multiple: boolean;
  requeue: boolean;
}

const operations = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("publish" as const) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("get" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom("purge" as const, "recover" as const) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom("ack" as const, "nack" as const, "reject" as const),
        which: fc.nat(9),
        multiple: fc.boolean(),
        requeue: fc.boolean(),
      }),
    },
  ),
  { minLength: 10, maxLength: 60 },
);

for (const [kind, options] of [["classic", {}], ["priority", { maxPriority: 3 }]] as const) {
  behaviour(
    `any sequence of operations on a ${kind} queue ends as the model says`,
    async (broker) => {
      await using client = await broker.connect();
      const sequence = fc.asyncProperty(operations, async (operations) => {
        const channel = await client.channel();
        const { queue } = await channel.assertQueue("", { exclusive: true, ...options });
        const state: State = { channel, queue, model: new QueueModel(), held: [] };
        for (const operation of operations) await perform(operation, state);
        const bodies = state.model.ready.map((message) => message.body);
        assert.deepEqual(await drain(channel, queue), bodies);
        await channel.deleteQueue(queue);
        await channel.close();
      });
      await holds(sequence, { runs: 40 });
    },
  );
}

async function perform(operation: Operation, state: State): Promise<void> {
  const { channel, queue, model, held } = state;
  if (operation.do === "publish") {
    const body = `${model.all.length}`;
    send(channel, queue, body);
    model.publish({ body, redelivered: false });
  } else if (operation.do === "get") {
    const delivery = await channel.get(queue);
    const message = model.ready.shift();
    assert.equal(Boolean(delivery), Boolean(message));
    if (!delivery || !message) return;
    const { redelivered, messageCount } = delivery.fields;
    assert.deepEqual(
      { body: delivery.content.toString(), redelivered, messageCount },
      { ...message, messageCount: model.ready.length },
    );
    held.push({ delivery, message });
  } else if (operation.do === "purge") {
    await channel.waitForConfirms();
    assert.equal((await channel.purgeQueue(queue)).messageCount, model.ready.length);
    model.ready = [];
  } else if (operation.do === "recover") {
    await channel.recover();
    model.requeue(held.splice(0).map(({ message }) => message));
  } else if ("which" in operation && held.length > 0) {
    settle(operation, state);
  }
}

function settle(operation: Settle, { channel, model, held }: State): void {
  const at = operation.which % held.length;
  const multiple = operation.multiple && operation.do !== "reject";
  const { delivery } = held[at]!;
  const settled = multiple ? held.splice(0, at + 1) : held.splice(at, 1);
  if (operation.do === "ack") channel.ack(delivery, multiple);
  else if (operation.do === "nack") channel.nack(delivery, multiple, operation.requeue);
  else channel.reject(delivery, operation.requeue);
  if (operation.do !== "ack" && operation.requeue) {
    model.requeue(settled.map(({ message }) => message));
  }
}
