/** Exchanges of type headers: x-match and what counts as a match. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ConfirmChannel } from "amqplib";
import { Typed } from "../support/amqp_wire.ts";
import { behaviour, type Broker } from "./brokers.ts";
import { channelRefused, ready } from "./client.ts";

/** Each: a sentence, the binding's arguments, the message's headers, whether it is routed. */
const cases: [string, Record<string, unknown>, Record<string, unknown> | undefined, boolean][] = [
  ["all: every header is there", all({ a: "1", b: 2 }), { a: "1", b: 2, c: 3 }, true],
  ["all: one header is missing", all({ a: "1", b: 2 }), { a: "1" }, false],
  ["all: one value differs", all({ a: "1", b: 2 }), { a: "1", b: 3 }, false],
  ["all: no header asked for", all({}), { a: "1" }, true],
  ["all: no header asked for, none there", all({}), undefined, true],
  ["all is the default", { a: "1", b: 2 }, { a: "1" }, false],
  ["any: one header is there", any({ a: "1", b: 2 }), { b: 2 }, true],
  ["any: no header is there", any({ a: "1", b: 2 }), { c: 1 }, false],
  ["any: a value differs", any({ a: "1" }), { a: "2" }, false],
  ["any: no header asked for", any({}), { a: "1" }, false],
  ["a message without headers", all({ a: "1" }), undefined, false],
  ["a void value asks for the header's presence", all({ a: null }), { a: 9 }, true],
  ["a void value is not met by another header", all({ a: null }), { b: 9 }, false],
  ["a text is not a number", all({ a: "1" }), { a: 1 }, false],
  ["a boolean is compared", all({ a: true }), { a: false }, false],
  ["names are compared with case", all({ a: "1" }), { A: "1" }, false],
  ["all: headers that begin with x- are not asked for", all({ "x-a": "1" }), {}, true],
  ["any: headers that begin with x- do not count", any({ "x-a": "1" }), { "x-a": "1" }, false],
  ["all-with-x: they do", { "x-match": "all-with-x", "x-a": "1" }, {}, false],
  ["any-with-x: they do", { "x-match": "any-with-x", "x-a": "1" }, { "x-a": "1" }, true],
];

for (const [sentence, asked, headers, routed] of cases) {
  behaviour(`headers, ${sentence}: ${routed ? "routed" : "not routed"}`, async (broker) => {
    await using client = await broker.connect();
    const channel = await client.channel();
    const { exchange, queue } = await bound(broker, channel, asked);
    channel.publish(exchange, "ignored", Buffer.from("x"), headers ? { headers } : {});
    assert.equal(await ready(channel, queue), routed ? 1 : 0);
  });
}

behaviour("a binding with a bad x-match is refused with 406", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const badMatch = { "x-match": "most" };
  await channelRefused(channel, 406, () => channel.bindQueue(queue, "amq.headers", "", badMatch));
});

behaviour(
  "integers of different types are equal by value, and floats where the release says so",
  async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    const exchange = broker.exchangeName();
    await peer.call(1, "exchange.declare", { exchange, type: "headers" });
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    await peer.call(1, "queue.bind", { queue, exchange, arguments: { a: new Typed("b", 1) } });
    for (const type of ["l", "u", "d"]) {
      const properties = { headers: { a: new Typed(type, 1) } };
      peer.publish(1, { exchange }, "x", { properties });
    }
    assert.deepEqual(await peer.call(1, "queue.purge", { queue }), {
      messageCount: broker.release === "3.10" ? 3 : 2,
    });
    await peer.close();
  },
);

behaviour("the order of a binding's arguments does not matter", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, { a: 1, b: 2 });
  await channel.unbindQueue(queue, exchange, "", { b: 2, a: 1 });
  channel.publish(exchange, "", Buffer.from("x"), { headers: { a: 1, b: 2 } });
  assert.equal(await ready(channel, queue), 0);
});

behaviour("bindings that differ in arguments alone are two bindings", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { exchange, queue } = await bound(broker, channel, all({ a: "1" }));
  await channel.bindQueue(queue, exchange, "", all({ a: "2" }));
  await channel.unbindQueue(queue, exchange, "", all({ a: "1" }));
  for (const a of ["1", "2"]) channel.publish(exchange, "", Buffer.from(a), { headers: { a } });
  assert.equal(await ready(channel, queue), 1);
});

function all(headers: Record<string, unknown>) {
  return { "x-match": "all", ...headers };
}

function any(headers: Record<string, unknown>) {
  return { "x-match": "any", ...headers };
}

/** A new headers exchange with a new queue bound by the arguments. */
async function bound(broker: Broker, channel: ConfirmChannel, asked: Record<string, unknown>) {
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "headers", { durable: false });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, exchange, "", asked);
  return { exchange, queue };
}
