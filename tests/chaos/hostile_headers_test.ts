/** Whatever a message's headers are, and whichever way it goes, the broker stands. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { type Fields, Typed } from "../support/amqp_wire.ts";
import { EmbeddedBroker } from "../support/embedded_broker.ts";
import { holds } from "../support/property.ts";

/** Ways of a message to the dead-letter exchange, by the arguments of its queue. */
const WAYS: Readonly<Record<string, Fields>> = {
  expires: { "x-message-ttl": 0 },
  overflows: { "x-max-length": 0 },
  refused: { "x-max-length": 0, "x-overflow": "reject-publish-dlx" },
  rejected: {},
  priorities: { "x-max-priority": 5, "x-message-ttl": 0 },
  "unaddressable letters": { "x-message-ttl": 0, "x-dead-letter-routing-key": "k".repeat(300) },
};
const QUEUES = Object.keys(WAYS);
/** Queues that expire all and are bound to the one dead-letter exchange: each feeds all others. */
const RING = ["ring 0", "ring 1", "ring 2"];

const integer = fc.oneof(
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 0n).map((value) => new Typed("l", value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom("b", "B", "s", "u", "I", "i", "T").map((type) => new Typed(type, 127)),
);
const { field } = fc.letrec<{ field: unknown }>((tie) => ({
  field: fc.oneof(
    { maxDepth: 4 },
    integer,
    fc.string({ maxLength: 8 }),
    fc.boolean(),
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("field"), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie("field"), { maxKeys: 3 }),
  ),
}));
/** Arrays in arrays, nearly as deep as a broker reads. */
const deep = fc.integer({ min: 90, max: 98 }).map((depth) => {
  let value: unknown = "deep";
  for (let level = 0; level < depth; level++) value = [value];
  return value;
});
const death = fc.record({
  queue: fc.oneof(fc.constantFrom(...QUEUES), field),
  reason: fc.oneof(fc.constantFrom("expired", "maxlen", "rejected"), field),
  count: fc.oneof(integer, field),
  exchange: fc.oneof(fc.constant(""), field),
  "routing-keys": fc.oneof(fc.array(fc.constantFrom(...QUEUES)), field),
}, { requiredKeys: [] });
const headers = fc.record({
  "x-death": fc.oneof(fc.array(fc.oneof(death, field), { maxLength: 4 }), field),
  CC: fc.oneof(fc.array(fc.oneof(fc.constantFrom(...QUEUES), deep, field), { maxLength: 3 })),
  "x-delivery-count": field,
  "x-first-death-queue": field,
  any: fc.oneof(field, deep),
}, { requiredKeys: [] });

for (const release of ["3.10", "4.3"]) {
  Deno.test(`no header stops a broker like ${release}, nor keeps it from starting`, async () => {
    await using broker = await EmbeddedBroker.start(["--like", release]);
    {
      await using peer = await AmqpPeer.open(broker.url);
      await peer.openChannel(1);
      await declare(peer);
      await peer.call(1, "confirm.select");
      await holds(
        fc.asyncProperty(fc.constantFrom(...QUEUES), headers, async (queue, headers) => {
          const properties = { headers, deliveryMode: 2, priority: 3 };
          peer.together(() => peer.publish(1, { routingKey: queue }, "a", { properties }));
          const confirm = await peer.nextFrame("a confirm");
          if (queue === "rejected" && isAck(confirm.payload)) {
            peer.send(1, "basic.get", { queue });
            const { method } = await peer.expectContent("basic.get-ok", 1);
            peer.send(1, "basic.reject", { deliveryTag: method.deliveryTag });
          }
          // A broker that stands answers on the same channel.
          await peer.call(1, "queue.declare", { queue: "dead", passive: true });
        }),
        { runs: 80 },
      );
    }
    await broker.kill();
    await broker.start();
    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    const { messageCount } = await peer.call(1, "queue.purge", { queue: "dead" });
    assert(messageCount as number > 0);
  });
}

/** The payload of a method frame begins with class and method. */
function isAck(payload: Uint8Array): boolean {
  return payload[1] === 60 && payload[3] === 80;
}

async function declare(peer: AmqpPeer): Promise<void> {
  await peer.call(1, "exchange.declare", { exchange: "dlx", type: "fanout", durable: true });
  const letters = { "x-dead-letter-exchange": "dlx" };
  await declareQueue("dead", {});
  for (const queue of RING) await declareQueue(queue, { "x-message-ttl": 0, ...letters });
  for (const queue of ["dead", ...RING]) {
    await peer.call(1, "queue.bind", { queue, exchange: "dlx" });
  }
  for (const queue of QUEUES) await declareQueue(queue, { ...letters, ...WAYS[queue] });

  async function declareQueue(queue: string, args: Fields): Promise<void> {
    await peer.call(1, "queue.declare", { queue, durable: true, arguments: args });
  }
}
