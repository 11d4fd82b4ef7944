/** Random exchanges, bindings and alternates, beside the rule written as plainly as can be. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { holds } from "../support/property.ts";
import { behaviour } from "./brokers.ts";
import { drain } from "./client.ts";

const EXCHANGES = 5;
const QUEUES = 3;

const exchange = fc.nat(EXCHANGES - 1);
const topology = fc.record({
  /** The alternate of each exchange. */
  alternates: fc.array(fc.option(exchange), { minLength: EXCHANGES, maxLength: EXCHANGES }),
  /** From an exchange to an exchange, or to a queue where it is above those; by a key. */
  bindings: fc.array(
    fc.record({
      from: exchange,
      to: fc.nat(EXCHANGES + QUEUES - 1),
      key: fc.constantFrom("a", "b"),
    }),
    { maxLength: 12 },
  ),
  /** Which bindings go again. */
  removed: fc.array(fc.nat(11), { maxLength: 3 }),
});

behaviour("any topology delivers once to each queue that the rule reaches", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const queues: string[] = [];
  for (let i = 0; i < QUEUES; i++) {
    queues.push((await channel.assertQueue("", { exclusive: true })).queue);
  }
  const rule = fc.asyncProperty(topology, async ({ alternates, bindings, removed }) => {
    const names = alternates.map(() => broker.exchangeName());
    for (const [at, name] of names.entries()) {
      const alternate = alternates[at];
      const alternateExchange = alternate === null ? {} : { alternateExchange: names[alternate!]! };
      await channel.assertExchange(name, "direct", { durable: false, ...alternateExchange });
    }
    const change = async (verb: "bind" | "unbind", { from, to, key }: typeof bindings[number]) => {
      const queue = queues[to - EXCHANGES];
      if (queue !== undefined) await channel[`${verb}Queue`](queue, names[from]!, key);
      else await channel[`${verb}Exchange`](names[to]!, names[from]!, key);
    };
    for (const binding of bindings) await change("bind", binding);
    const gone = removed.flatMap((at) => bindings[at] ?? []);
    for (const binding of gone) await change("unbind", binding);
    const isGone = (binding: typeof bindings[number]) =>
      gone.some(({ from, to, key }) =>
        from === binding.from && to === binding.to && key === binding.key
      );
    const left = bindings.filter((binding) => !isGone(binding));
    channel.publish(names[0]!, "a", Buffer.from("once"));
    const reached = reach(alternates, left.filter(({ key }) => key === "a"));
    for (const [at, queue] of queues.entries()) {
      const expected = reached.has(EXCHANGES + at) ? ["once"] : [];
      assert.deepEqual(await drain(channel, queue), expected);
    }
    for (const name of names) await channel.deleteExchange(name);
  });
  await holds(rule, { runs: 12 });
});

/** Everything that a message to the first exchange comes to. */
function reach(
  alternates: readonly (number | null)[],
  bindings: readonly { from: number; to: number }[],
): Set<number> {
  const reached = new Set([0]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const from of [...reached]) {
      const next = bindings.filter((binding) => binding.from === from).map(({ to }) => to);
      const alternate = alternates[from];
      if (next.length === 0 && alternate !== null && alternate !== undefined) next.push(alternate);
      for (const to of next) reached.add(to);
    }
  }
  return reached;
}

const args = fc.constantFrom<Record<string, unknown>>(
  {},
  { a: 1 },
  { a: "1" },
  { a: 1, b: [2, { c: "d" }] },
  { b: [2, { c: "d" }], a: 1 },
);
const step = fc.record({
  verb: fc.constantFrom("bind" as const, "bind" as const, "unbind" as const),
  key: fc.constantFrom("a", "b", ""),
  args,
});

behaviour("a binding is there from the first bind to the first unbind of it", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const rule = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
    const exchange = broker.exchangeName();
    await channel.assertExchange(exchange, "direct", { durable: false });
    const bound = new Set<string>();
    for (const { verb, key, args } of steps) {
      // Arguments in another order are the same ones.
      const name = `${key} ${JSON.stringify(Object.entries(args).sort())}`;
      await channel[`${verb}Queue`](queue, exchange, key, args);
      if (verb === "bind") bound.add(name);
      else bound.delete(name);
    }
    for (const key of ["a", "b", ""]) channel.publish(exchange, key, Buffer.from(key));
    const expected = ["a", "b", ""].filter((key) =>
      [...bound].some((name) => name.startsWith(`${key} `))
    );
    assert.deepEqual(await drain(channel, queue), expected);
    await channel.deleteExchange(exchange);
  });
  await holds(rule, { runs: 15 });
});
