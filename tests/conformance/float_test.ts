import assert from "node:assert/strict";
import type { AmqpPeer } from "../support/amqp_peer.ts";
import { type Fields, Typed } from "../support/amqp_wire.ts";
import { behaviour } from "./brokers.ts";

/** Erlang has no floats for these, so RabbitMQ cannot read a table that holds one. */
const unreadable: readonly Typed[] = ["f", "d"].flatMap((type) =>
  [Infinity, -Infinity, NaN].map((value) => new Typed(type, value))
);

behaviour("an infinite header or one that is no number ends the connection", async (broker) => {
  await Promise.all(unreadable.map(async (value) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    const properties: Fields = { headers: { value } };
    peer.publish(1, { routingKey: queue }, "x", { properties });
    const { classId, methodId } = await peer.expectConnectionClose(541);
    assert.deepEqual([classId, methodId], [0, 0]);
  }));
});

/** A table of each kind that a method carries; `queue` is there. */
const methods: [what: string, send: (peer: AmqpPeer, queue: unknown, table: Fields) => void][] = [
  [
    "queue.declare",
    (peer, _, table) => peer.send(1, "queue.declare", { exclusive: true, arguments: table }),
  ],
  [
    "queue.bind",
    (peer, queue, table) =>
      peer.send(1, "queue.bind", { queue, exchange: "amq.headers", arguments: table }),
  ],
  [
    "basic.consume",
    (peer, queue, table) => peer.send(1, "basic.consume", { queue, arguments: table }),
  ],
];

for (const [what, send] of methods) {
  behaviour(`${what} with such an argument ends the socket without a word`, async (broker) => {
    await Promise.all(unreadable.map(async (value) => {
      await using peer = await broker.peer();
      await peer.openChannel(1);
      const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
      send(peer, queue, { "x-value": value });
      await peer.expectSilentEnd();
    }));
  });
}

behaviour("the least and the largest floats, and -0, are kept as sent", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  const headers: Fields = {
    least: new Typed("d", Number.MIN_VALUE),
    largest: new Typed("d", -Number.MAX_VALUE),
    zero: new Typed("f", -0),
  };
  peer.publish(1, { routingKey: queue }, "x", { properties: { headers } });
  peer.send(1, "basic.get", { queue, noAck: true });
  const { properties } = await peer.expectContent("basic.get-ok", 1);
  assert.deepStrictEqual(properties.headers, {
    least: Number.MIN_VALUE,
    largest: -Number.MAX_VALUE,
    zero: -0,
  });
  await peer.close();
});
