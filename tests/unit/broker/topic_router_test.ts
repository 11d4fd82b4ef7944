import assert from "node:assert/strict";
import fc from "fast-check";
import type { Binding } from "../../../src/broker/model/exchange.ts";
import { TopicRouter } from "../../../src/broker/model/exchange_types/topic_router.ts";
import { holds } from "../../support/property.ts";

/** The definition of section 3.1.3.3, word for word. */
function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === "#") {
    return matches(rest, words) || (words.length > 0 && matches(pattern, words.slice(1)));
  }
  if (words.length === 0) return false;
  return (first === "*" || first === words[0]) && matches(rest, words.slice(1));
}

const split = (key: string) => key === "" ? [] : key.split(".");
const key = (words: string[]) =>
  fc.array(fc.constantFrom(...words), { maxLength: 7 }).map((all) => all.join("."));
const binding = (routingKey: string) => ({ routingKey }) as Binding;

Deno.test("a topic exchange matches as the definition says", async () => {
  const patterns = fc.array(key(["a", "b", "*", "#", "#", ""]), { maxLength: 8 });
  const keys = fc.array(key(["a", "b", "c", "", "*", "#"]), { maxLength: 8 });
  await holds(
    fc.property(patterns, keys, fc.array(fc.nat(7)), (patterns, keys, gone) => {
      const router = new TopicRouter();
      let bindings = patterns.map(binding);
      for (const each of bindings) router.bind(each);
      const check = () => {
        for (const routingKey of keys) {
          const expected = bindings.filter((each) =>
            matches(split(each.routingKey), split(routingKey))
          );
          const found = [...router.route(routingKey)];
          assert.deepEqual(new Set(found), new Set(expected));
          assert.equal(found.length, expected.length);
        }
      };
      check();
      const removed = new Set(gone.flatMap((at) => bindings[at] ?? []));
      for (const each of removed) router.unbind(each);
      bindings = bindings.filter((each) => !removed.has(each));
      check();
    }),
    { runs: 500 },
  );
});

Deno.test("no pattern and no key make matching explode", () => {
  const router = new TopicRouter();
  router.bind(binding(Array(60).fill("#").join(".") + ".z"));
  router.bind(binding(Array(60).fill("#.a").join(".") + ".#.z.#"));
  router.bind(binding(Array(60).fill("#.*").join(".") + ".z"));
  assert.deepEqual([...router.route(Array(100).fill("a").join("."))], []);
});
