/**
 * README.md and docs/tutorial.md, done from the first line to the last as they tell their reader.
 */
import assert from "node:assert/strict";
import { type RestartableBroker, scenario } from "../support/own_brokers.ts";
import { walkThrough } from "../support/walkthrough.ts";

scenario("README: the tutorial in ten minutes", {}, async (broker, step) => {
  const readme = await document("README.md");
  const [, part] = /^## The tutorial in ten minutes\n(.*?)^## /ms.exec(readme) ?? [];
  assert.ok(part);
  await step("README: does what its tutorial says", () => follow(part, broker));
});

scenario("tutorial.md, from its first part to its last", {}, async (broker, step) => {
  const tutorial = await document("docs/tutorial.md");
  for (const part of tutorial.split(/^## /m)) {
    const [title = ""] = part.split("\n");
    await step(`docs/tutorial.md: ${title}`, () => follow(part, broker));
  }
});

async function document(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
}

async function follow(text: string, broker: RestartableBroker): Promise<void> {
  await walkThrough(text, {
    url: broker.url,
    restart: async () => {
      await broker.stop();
      await broker.start();
    },
  });
}
