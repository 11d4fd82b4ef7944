/** What a restart of the broker leaves, and what a worker and a sender make of it. */
import assert from "node:assert/strict";
import { scenario } from "../support/own_brokers.ts";
import { Broker } from "../support/brokers.ts";
import { events } from "../support/worktool.ts";

scenario("restarts, as worktool sees them", {}, async (node, step) => {
  await step(
    "only a persistent task in a durable queue survives a restart",
    () =>
      Broker.use(node.url, async (broker) => {
        const queues: Record<string, string> = {};
        for (const durability of ["--durable", "--no-durable"]) {
          for (const delivery of ["--persistent", "--transient"]) {
            const queue = queues[`${durability} ${delivery}`] = `restart ${durability} ${delivery}`;
            await broker.run("send", queue, [durability, delivery, "task"]);
          }
        }
        await node.stop();
        await node.start();
        await Broker.use(node.url, async (restarted) => {
          const left: Record<string, unknown> = {};
          for (const [combination, queue] of Object.entries(queues)) {
            const exit = await restarted.run("work", queue, [
              "--no-declare",
              "--until-empty",
              "--json",
            ]);
            left[combination] = exit.code === 65 ? "no queue" : events(exit).at(-1)!.done;
          }
          assert.deepEqual(left, {
            "--durable --persistent": 1,
            "--durable --transient": 0,
            "--no-durable --persistent": "no queue",
            "--no-durable --transient": "no queue",
          });
        });
      }),
  );

  await step(
    "the broker stops while a worker is busy: 69, the task is not acknowledged",
    async () => {
      const { worker, busy } = await Broker.use(node.url, async (broker) => {
        const busy = "busy worker";
        await broker.send(busy, "running.");
        const worker = broker.startApart("work", busy, ["--dot", "5m", "--reconnect-for", "0"]);
        await worker.line(/Received 'running\.'/);
        return { worker, busy };
      });
      await node.stop();
      const { code, stdout, stderr } = await worker.exited;
      assert.equal(code, 69);
      assert.match(stderr, /ended the connection: 320 CONNECTION_FORCED/);
      assert.match(stderr, /Stopped: an error\. 0 done, 0 redelivered, 1 not finished/);
      assert.doesNotMatch(stdout, /Done/);
      await node.start();
      await Broker.use(node.url, async (broker) => {
        assert.deepEqual(await broker.takeBodies(busy), ["running."]);
        await broker.deleteQueue(busy);
      });
    },
  );

  await step(
    "the broker is killed in a bulk send: 75, and what is confirmed is there",
    async () => {
      const queue = "killed in a bulk send";
      const send = await Broker.use(node.url, async (broker) => {
        await broker.declareQueue(queue, { durable: true });
        await node.keepDeclarations();
        const args = [
          "--count",
          "1000000",
          "--no-echo",
          "--json",
          "--reconnect-for",
          "0",
          "task {n}",
        ];
        return broker.startApart("send", queue, args);
      });
      await send.event("sent");
      await node.kill();
      const { code, stdout, stderr } = await send.exited;
      assert.equal(code, 75, stderr);
      assert.match(stderr, /the connection to .* was lost/);
      const stopped = JSON.parse(stdout.trim().split("\n").at(-1)!);
      assert.equal(stopped.sent, stopped.confirmed + stopped.unknown);
      await node.start();
      await Broker.use(node.url, async (broker) => {
        const { ready } = await broker.depth(queue);
        assert.ok(ready >= stopped.confirmed, `${ready} there, ${stopped.confirmed} confirmed`);
        assert.ok(ready <= stopped.sent);
        await broker.deleteQueue(queue);
      });
    },
  );
});
