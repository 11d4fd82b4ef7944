// deno-lint-ignore-file camelcase -- names of RabbitMQ
/**
 * A task that takes longer than RabbitMQ waits for its acknowledgement, on nodes of the test's own.
 */
import assert from "node:assert/strict";
import { brokerList, isSince } from "../support/broker_list.ts";
import { Broker } from "../support/brokers.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import { events, story } from "../support/worktool.ts";

const SETTINGS = { consumer_timeout: 1_000, channel_tick_interval: 500 };

for (const { name, release, scripts } of brokerList.rabbitMqs) {
  Deno.test(`a task that is taken back while it runs [${name}]`, async (t) => {
    await using node = await PrivateRabbitMq.start({ scripts, settings: SETTINGS });

    await t.step("its end is not acknowledged, and the worker goes on", async () => {
      await Broker.use(node.url, async (broker) => {
        const queue = broker.taskQueue();
        await broker.run("send", queue, ["--queue-type", "quorum", "task"]);
        const script = "[ $WORKTOOL_REDELIVERED = true ] || sleep 9";
        const args = [
          ...["--json", "--count", "1", "--attempts", "20", "--reconnect-delay", "10ms..50ms"],
        ];
        const exit = await broker.run("work", queue, [...args, "--", "sh", "-c", script]);
        assert.equal(exit.code, 0, exit.stderr);
        const [first] = events(exit, "received");
        assert.equal(events(exit, "unsettled")[0]!.messageId, first!.messageId);
        assert.match(events(exit, "reconnecting")[0]!.error, /took longer than/);
        const released = events(exit, "released").map(({ messageId }) => messageId);
        assert.ok(released.includes(first!.messageId));
        // Each that was begun has one end: what was unsettled once is not acknowledged later.
        const turns = story(exit).filter((name) => /^(received|unsettled|acked)$/.test(name));
        assert.match(turns.join(" "), /^(received unsettled )+received acked$/, exit.stdout);
        assert.equal((await broker.depth(queue)).ready, 0);
      });
    });

    await t.step("one that always takes too long uses up its attempts", async () => {
      await Broker.use(node.url, async (broker) => {
        const queue = broker.taskQueue();
        await broker.run("send", queue, ["--queue-type", "quorum", "task"]);
        const args = [
          "--json",
          "--count",
          "1",
          "--attempts",
          "2",
          "--reconnect-delay",
          "10ms..50ms",
        ];
        const exit = await broker.run("work", queue, [...args, "--", "sleep", "9"]);
        assert.equal(exit.code, 1, exit.stderr);
        // Twice, where the channel was closed between the copy and the acknowledgement.
        const dead = await broker.take(`${queue}.dead`);
        assert.equal(new Set(dead.map(({ properties }) => properties.messageId)).size, 1);
      });
    });

    await t.step({
      name: "with a long --timeout it is not taken back",
      ignore: !isSince(release, "4.3"),
      fn: () =>
        Broker.use(node.url, async (broker) => {
          const queue = broker.taskQueue();
          await broker.run("send", queue, ["--queue-type", "quorum", "task"]);
          const args = ["--json", "--count", "1", "--timeout", "31m", "--", "sleep", "9"];
          const exit = await broker.run("work", queue, args);
          assert.equal(exit.code, 0, exit.stderr);
          assert.deepEqual(events(exit, "reconnecting"), []);
          assert.equal(events(exit, "acked").length, 1);
        }),
    });
  });
}
