/** What needs a RabbitMQ of its own: restarts, alarms, and a look at it with rabbitmqctl. */
import assert from "node:assert/strict";
import { Broker } from "../support/brokers.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";
import { events } from "../support/worktool.ts";

const KILLED = "killed in a bulk send";
const ignore = !PrivateRabbitMq.installed;

Deno.test({ name: "on a private node [RabbitMQ]", ignore }, async (t) => {
  await using node = await PrivateRabbitMq.start();

  function step(sentence: string, body: (broker: Broker) => Promise<void>) {
    return t.step(sentence, () => Broker.use(node.url, body));
  }

  /** A table of rabbitmqctl, one object a row. */
  async function list(what: string, ...columns: string[]): Promise<Record<string, unknown>[]> {
    return JSON.parse(await node.ctl(`list_${what}`, "--formatter", "json", ...columns));
  }

  await step("name, priority, prefetch and ack mode are seen at the broker", async (broker) => {
    const queue = broker.queue();
    const manual = await broker.startWorker(queue, [
      ...["--name", "C1", "--priority", "5", "--prefetch", "7"],
    ]);
    const auto = await broker.startWorker(queue, ["--name", "C2", "--ack", "auto"]);
    const rows = (await list("consumers")).filter((row) => row.queue_name === queue);
    const byTag = Object.fromEntries(rows.map((row) => [row.consumer_tag, row]));
    const { C1, C2 } = byTag as Record<string, Record<string, unknown>>;
    assert.equal(C1!.prefetch_count, 7);
    assert.equal(C1!.ack_required, true);
    assert.match(JSON.stringify(C1!.arguments), /x-priority.*5/);
    assert.equal(C2!.ack_required, false);
    const clients = JSON.stringify(await list("connections", "client_properties"));
    assert.match(clients, /worktool work C1/);
    assert.match(clients, /"worktool"/);
    for (const worker of [manual, auto]) {
      worker.kill("SIGTERM");
      assert.equal((await worker.exited).code, 0);
    }
  });

  await step("a worker with a higher priority is served first", async (broker) => {
    const queue = broker.queue();
    const low = await broker.startWorker(queue, ["--name", "low"]);
    const high = await broker.startWorker(queue, ["--name", "high", "--priority", "1"]);
    for (const task of ["1", "2", "3"]) {
      await broker.run("send", queue, [task]);
      await high.line(new RegExp(`Received '${task}'`));
    }
    for (const worker of [low, high]) worker.kill("SIGTERM");
    assert.doesNotMatch((await low.exited).stdout, /Received/);
    await high.exited;
  });

  await step("the forgotten ack is seen as unacknowledged", async (broker) => {
    const queue = broker.queue();
    await broker.send(queue, "one", "two", "three");
    const worker = await broker.startWorker(queue, ["--ack", "never", "--prefetch", "2"]);
    await worker.line(/2 unacknowledged/);
    const columns = ["name", "messages_ready", "messages_unacknowledged"];
    const [row] = (await list("queues", ...columns)).filter(({ name }) => name === queue);
    assert.deepEqual([row!.messages_ready, row!.messages_unacknowledged], [1, 2]);
    worker.kill("SIGTERM");
    await worker.exited;
    assert.equal((await broker.depth(queue)).ready, 3);
  });

  await step("only a persistent task in a durable queue survives a restart", async (broker) => {
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
  });

  await t.step(
    "the broker stops while a worker is busy: 69, the task is not acknowledged",
    async () => {
      const { worker, busy } = await Broker.use(node.url, async (broker) => {
        const busy = "busy worker";
        await broker.send(busy, "running.");
        // Declared before this restart: a kill -9 soon after may make RabbitMQ forget a queue.
        await broker.declareQueue(KILLED, { durable: true });
        const worker = broker.startApart("work", busy, ["--dot", "5m"]);
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

  await t.step(
    "the broker is killed in a bulk send: 75, and what is confirmed is there",
    async () => {
      const queue = KILLED;
      const send = await Broker.use(node.url, (broker) => {
        const args = ["--count", "1000000", "--no-echo", "--json", "task {n}"];
        return Promise.resolve(broker.startApart("send", queue, args));
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

  await step(
    "a memory alarm blocks send: told at once, 75 after --confirm-timeout",
    async (broker) => {
      const queue = broker.queue();
      await broker.send(queue, "before the alarm");
      await node.ctl("set_vm_memory_high_watermark", "0.00001");
      const blocked = broker.start("send", queue, ["--confirm-timeout", "2s", "task"]);
      await blocked.line(/The broker blocks publishers: low on memory/);
      const { code, stdout, stderr } = await blocked.exited;
      assert.equal(code, 75);
      assert.equal(stdout, "");
      assert.match(stderr, /1 sent: 0 confirmed, 0 returned, 0 refused, 1 unknown/);
      // Consumers are not blocked.
      const worker = await broker.run("work", queue, ["--count", "1"]);
      assert.equal(worker.code, 0);
      const waiting = broker.start("send", queue, ["patient task"]);
      await waiting.line(/The broker blocks publishers/);
      await node.ctl("set_vm_memory_high_watermark", "0.4");
      await waiting.line(/The broker takes tasks again/);
      assert.equal((await waiting.exited).code, 0);
    },
  );
});
