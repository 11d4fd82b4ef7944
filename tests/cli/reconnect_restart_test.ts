/** What a worker makes of a broker that stops, comes late, or closes its channel. */
import assert from "node:assert/strict";
import { scenario } from "../support/own_brokers.ts";
import { Broker } from "../support/brokers.ts";
import { outlives } from "../support/loss.ts";
import { events, Worktool } from "../support/worktool.ts";

const SOON = ["--reconnect-delay", "50ms..200ms"];

scenario("a worker outlives", { consumerTimeoutMs: 2_000 }, async (node, step) => {
  const { url } = node;
  const use = <T>(body: (broker: Broker) => Promise<T>) => Broker.use(url, body);

  // Since 4.3 classic queues wait for ever.
  if (node.release !== "4.3") {
    await step(
      "channel.close: its task took longer than the consumer timeout",
      () =>
        outlives(use, {
          ...{ url, queue: "channel.close", flags: SOON },
          lose: () => {}, // the broker does, after the timeout
          told: /^a task took longer than the broker waits for its acknowledgement: 406 /,
        }),
    );
  }

  await step("connection.close: the broker stops, and starts again", () =>
    outlives(use, {
      ...{ url, queue: "connection.close", flags: SOON },
      lose: async () => {
        await node.stop();
        await node.start();
      },
      told: /ended the connection: 320 CONNECTION_FORCED/,
    }));

  await step("a crash of the broker", () =>
    outlives(use, {
      ...{ url, queue: "crash", flags: SOON },
      lose: async () => {
        await node.kill();
        await node.start();
      },
      told: /^the connection to .* was lost: /,
    }));

  await step("a broker that starts after it, with --wait", async () => {
    await use((broker) => broker.send("late", "task"));
    await node.stop();
    const args = ["work", "--url", url, "--queue", "late", "--json", ...SOON, "--count", "1"];
    const impatient = await Worktool.run([...args, "--wait", "300ms"]);
    assert.equal(impatient.code, 69);
    assert.match(impatient.stderr, /no broker answers at .*: connection refused/);
    await using patient = Worktool.start([...args, "--wait", "5m", "--", "true"]);
    await patient.event("reconnecting");
    await node.start();
    const exit = await patient.exited;
    assert.equal(exit.code, 0, exit.stderr);
    assert.equal(events(exit).at(-1)!.done, 1);
  });
});
