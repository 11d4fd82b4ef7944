// deno-lint-ignore-file no-console -- it prints to the terminal
/** Reconnecting without end: a broker that is away for long, and one that ends every connection. */
import assert from "node:assert/strict";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { scenario } from "../support/own_brokers.ts";
import { Broker, brokerTest } from "../support/brokers.ts";
import { eventually } from "../support/deadline.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { Worktool } from "../support/worktool.ts";

const FAILED_TRIES = 100;

/** Idle reconnects: 10000 take half a minute and more on each broker. */
const RECONNECTS = Number(Deno.env.get("WORKTOOL_CHAOS_RECONNECTS") ?? 1_200);
/** Before these the just-in-time compiler is still busy, and the heap grows to its size. */
const WARM_UP = 600;
/** What is left behind is the worker's: one release of RabbitMQ is enough. */
const RELEASES = ["4.3"] as const;
const MAX_GROWTH = 1.3;
/** A thousand connections are a lot of work for a busy machine. */
const ROUND_DEADLINE_MS = 280_000;

const BASIC_CONSUME_OK = methodIdBytes("basic.consume-ok");

scenario("a broker is away for long", {}, async (node, step) => {
  await step("a worker tries again and again, and then goes on", async () => {
    const queue = "away for long";
    const worker = await Broker.use(node.url, async (broker) => {
      await broker.send(queue, "before");
      const worker = broker.startApart("work", queue, [
        ...["--json", "--reconnect-delay", "1ms..10ms", "--", "cat"],
      ]);
      await worker.line(/"event":"acked"/);
      return worker;
    });
    await using _ = worker;
    await node.stop();
    await Worktool.linesOfAll([worker], /"event":"reconnecting"/, FAILED_TRIES);
    assert.deepEqual(worker.lines(/"event":"reconnected"/), []);
    await node.start();
    await worker.line(/"event":"reconnected"/);
    await Broker.use(node.url, async (broker) => {
      await broker.send(queue, "after");
      await Worktool.linesOfAll([worker], /"event":"acked"/, 2);
      worker.kill("SIGTERM");
      const { code, stdout } = await worker.exited;
      assert.equal(code, 0);
      assert.match(stdout, /"event":"stopped".*"done":2,.*"reconnects":1,/);
      assert.equal((await broker.depth(queue)).ready, 0);
    });
  });
});

brokerTest(`${RECONNECTS} idle reconnects leave nothing behind`, async (broker) => {
  const queue = broker.queue();
  broker.derivedQueue(`${queue}.dead`);
  /** Counts from 0: a reconnect is every one but the first. */
  let consumers = -1;
  let lastCut = 0;
  await using proxy = await TcpProxy.start(broker.url, undefined, (bytes, cut) => {
    if (bytes.includes(BASIC_CONSUME_OK) && ++consumers < lastCut) cut();
  });
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", queue, "--reconnect-delay", "1ms..1ms"],
    ...["--json", "--", "cat"],
  ]);

  /** Cuts every connection as soon as it consumes, until there were so many; then at rest. */
  async function footprintAfter(reconnects: number) {
    lastCut = reconnects;
    proxy.cut();
    const there = () => Promise.resolve(consumers >= reconnects);
    const awaited = () => `${reconnects} reconnects, there were ${consumers}`;
    await eventually(awaited, there, ROUND_DEADLINE_MS);
    return await footprint(worker.pid);
  }

  const before = await footprintAfter(WARM_UP);
  let after = before;
  for (let reconnects = 2 * WARM_UP; reconnects <= RECONNECTS; reconnects += WARM_UP) {
    after = await footprintAfter(reconnects);
  }
  await broker.send(queue, "a task");
  await worker.line(/"event":"acked"/);
  worker.kill("SIGTERM");
  assert.equal((await worker.exited).code, 0);
  console.log(`after ${WARM_UP}:`, before, `after ${RECONNECTS}:`, after);
  assert.equal(after.handles, before.handles);
  assert.ok(after.rssKiB < before.rssKiB * MAX_GROWTH, "memory grows");
}, { releases: RELEASES });

/** What a process holds, as Linux counts it. */
async function footprint(pid: number): Promise<{ handles: number; rssKiB: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const handles = (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
  return { handles, rssKiB: Number(/VmRSS:\s*(\d+)/.exec(status)![1]) };
}
