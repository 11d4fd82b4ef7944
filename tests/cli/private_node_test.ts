/** What needs a RabbitMQ of its own: alarms, and a look at it with rabbitmqctl. */
import assert from "node:assert/strict";
import { brokerList } from "../support/broker_list.ts";
import { Broker } from "../support/brokers.ts";
import { PrivateRabbitMq } from "../support/private_rabbitmq.ts";

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`on a private node [${name}]`, (t) => onPrivateNode(t, scripts));
}

async function onPrivateNode(t: Deno.TestContext, scripts: string): Promise<void> {
  await using node = await PrivateRabbitMq.start({ scripts });

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

  await step("a memory alarm delays retries, and nothing else", async (broker) => {
    const queue = broker.queue();
    await broker.send(queue, "bad", "good", "better");
    await node.ctl("set_vm_memory_high_watermark", "0.00001");
    const worker = broker.start("work", queue, [
      ...["--concurrency", "2", "--backoff", "1m", "--json", "--connect-timeout", "1s"],
      ...["--", "grep", "-v", "bad"],
    ]);
    await worker.event("failed");
    await worker.line(/The broker blocks publishers: low on memory/);
    for (const _ of ["good", "better"]) await worker.event("acked");
    const columns = ["name", "messages_ready", "messages_unacknowledged"];
    const [row] = (await list("queues", ...columns)).filter(({ name }) => name === queue);
    assert.deepEqual([row!.messages_ready, row!.messages_unacknowledged], [0, 1]);
    await node.ctl("set_vm_memory_high_watermark", "0.4");
    const retried = await worker.event("retried");
    assert.equal(retried.attempt, 1);
    worker.kill("SIGTERM");
    const { code, stdout } = await worker.exited;
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /reconnecting/);
    await broker.deleteQueue(`${queue}.dead`);
    await broker.deleteQueue(`${queue}.retry.1m`);
  });
}
