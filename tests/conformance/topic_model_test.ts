/** Random patterns and keys on a topic exchange, beside the rule written as plainly as can be. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { behaviour } from "./brokers.ts";
import { drain } from "./client.ts";
import { holds } from "../support/property.ts";

const word = fc.constantFrom("a", "b", "");
const keys = fc.array(fc.array(word, { maxLength: 5 }).map((words) => words.join(".")), {
  minLength: 10,
  maxLength: 20,
});
const pattern = fc
  .array(fc.oneof(word, fc.constantFrom("*", "#")), { maxLength: 5 })
  // More than two are refused since 4.3.
  .filter((words) => words.filter((word) => word === "#").length <= 2)
  .map((words) => words.join("."));

behaviour("any topic pattern matches the keys that the rule says", async (broker) => {
  await using client = await broker.connect();
  const channel = await client.channel();
  const exchange = broker.exchangeName();
  await channel.assertExchange(exchange, "topic", { durable: false });
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const rule = fc.asyncProperty(pattern, keys, async (pattern, keys) => {
    await channel.bindQueue(queue, exchange, pattern);
    for (const key of keys) channel.publish(exchange, key, Buffer.from(key));
    const expected = keys.filter((key) => matches(words(pattern), words(key)));
    assert.deepEqual(await drain(channel, queue), expected);
    await channel.unbindQueue(queue, exchange, pattern);
  });
  await holds(rule, { runs: 60 });
});

/** `*` is one word, `#` any number of words; an empty text has no words. */
function matches([first, ...rest]: string[], key: string[]): boolean {
  if (first === undefined) return key.length === 0;
  if (first === "#") {
    return matches(rest, key) || (key.length > 0 && matches([first, ...rest], key.slice(1)));
  }
  return key.length > 0 && (first === "*" || first === key[0]) && matches(rest, key.slice(1));
}

function words(text: string): string[] {
  return text === "" ? [] : text.split(".");
}
