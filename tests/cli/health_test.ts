/** `work --health`: /healthz and /metrics tell what is. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { Gate } from "../support/gate.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { Worktool } from "../support/worktool.ts";

const HEALTH = ["--health", "0"];

/** Where the worker answers. */
async function healthUrl(worker: Worktool): Promise<string> {
  const line = await worker.line(/Health: http/);
  return /http:\/\/127\.0\.0\.1:\d+/.exec(line)![0];
}

async function status(url: string, path: string): Promise<number> {
  const response = await fetch(url + path);
  await response.body?.cancel();
  return response.status;
}

/** All samples of /metrics by name and labels; fails where a line is none. */
async function metrics(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  const samples = new Map<string, number>();
  for (const line of (await response.text()).split("\n")) {
    if (line === "" || line.startsWith("# ")) continue;
    const [, name, labels = "", value] =
      /^([a-z_]+)(?:\{((?:[a-z_]+="[^"]*",?)*)\})? (\S+)$/.exec(line) ?? [];
    assert.ok(name, `no sample: ${line}`);
    assert.match(labels, /queue="[^"]+",worker="C1"/);
    const own = labels.replace(/,?queue="[^"]*",worker="C1"/, "");
    samples.set(own ? `${name}{${own}}` : name, Number(value));
  }
  return samples;
}

brokerTest("/healthz is 200 while consuming, 503 while reconnecting", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  const queue = broker.taskQueue();
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", queue, "--json", ...HEALTH, "--name", "C1"],
    ...["--reconnect-delay", "10ms..50ms", "--", "true"],
  ]);
  const url = await healthUrl(worker);
  await worker.event("waiting");
  assert.equal(await status(url, "/healthz"), 200);
  assert.equal((await metrics(url)).get("worktool_consuming"), 1);
  proxy.refuse();
  proxy.cut();
  await worker.event("reconnecting");
  assert.equal(await status(url, "/healthz"), 503);
  assert.equal((await metrics(url)).get("worktool_consuming"), 0);
  proxy.accept();
  await worker.event("reconnected");
  assert.equal(await status(url, "/healthz"), 200);
  assert.equal((await metrics(url)).get("worktool_reconnects_total"), 1);
  worker.kill("SIGTERM");
  assert.equal((await worker.exited).code, 0);
});

brokerTest("/healthz is 503 before the first connection", async (broker) => {
  await using proxy = await TcpProxy.start(broker.url);
  proxy.refuse();
  await using worker = Worktool.start([
    ...["work", "--url", proxy.url, "--queue", broker.queue(), "--json", ...HEALTH, "--wait", "1m"],
    ...["--reconnect-delay", "10ms..50ms"],
  ]);
  const url = await healthUrl(worker);
  await worker.event("reconnecting");
  assert.equal(await status(url, "/healthz"), 503);
  proxy.accept();
  await worker.event("waiting");
  assert.equal(await status(url, "/healthz"), 200);
  worker.kill("SIGTERM");
  assert.equal((await worker.exited).code, 0);
});

brokerTest(
  "/metrics counts tasks by outcome, run times, what runs, the last delivery",
  async (broker) => {
    const queue = broker.taskQueue();
    await using gate = await Gate.make();
    const worker = broker.start("work", queue, [
      ...[...HEALTH, "--name", "C1", "--json", "--attempts", "2", "--backoff", "10ms"],
      ...["--on-exit", "3=reject", "--", "sh", "-c"],
      ...['body=$(cat); [ "$body" = wait ] && read _ < "$0"; exit "$body"', gate.path],
    ]);
    const url = await healthUrl(worker);
    await worker.event("waiting");
    const idle = await metrics(url);
    assert.equal(idle.get("worktool_tasks_in_flight"), 0);
    assert.equal(idle.get("worktool_last_delivery_timestamp_seconds"), 0);
    assert.equal(idle.get('worktool_tasks_total{outcome="done"}'), 0);

    const before = Date.now() / 1_000;
    await broker.send(queue, "0", "0", "3", "1", "65");
    await worker.printed(6, /^{"event":"(acked|rejected)"/); // the fourth is tried twice
    const worked = await metrics(url);
    const outcomes = ["done", "retried", "dead", "rejected", "requeued", "unsettled", "recounted"];
    assert.deepEqual(
      outcomes.map((outcome) => worked.get(`worktool_tasks_total{outcome="${outcome}"}`)),
      [2, 1, 2, 1, 0, 0, 0],
    );
    assert.equal(worked.get("worktool_task_duration_seconds_count"), 6);
    assert.equal(worked.get('worktool_task_duration_seconds_bucket{le="+Inf"}'), 6);
    assert.ok(worked.get("worktool_task_duration_seconds_sum")! > 0);
    assert.equal(worked.get("worktool_tasks_in_flight"), 0);
    const last = worked.get("worktool_last_delivery_timestamp_seconds")!;
    assert.ok(before <= last && last <= Date.now() / 1_000);

    await broker.send(queue, "wait");
    await worker.line(/"body":"wait"/);
    assert.equal((await metrics(url)).get("worktool_tasks_in_flight"), 1);
    assert.equal(await status(url, "/healthz"), 200); // busy is healthy
    worker.kill("SIGTERM");
    await gate.open();
    assert.equal((await worker.exited).code, 0);
  },
);

brokerTest("other paths are 404, a query changes nothing", async (broker) => {
  const worker = broker.start("work", broker.queue(), [...HEALTH, "--json"]);
  const url = await healthUrl(worker);
  await worker.event("waiting");
  assert.equal(await status(url, "/"), 404);
  assert.equal(await status(url, "/healthz/x"), 404);
  assert.equal(await status(url, "/healthz?probe=1"), 200);
  worker.kill("SIGTERM");
  assert.equal((await worker.exited).code, 0);
});

brokerTest("a scraper that stays connected does not hold the worker up", async (broker) => {
  const worker = broker.start("work", broker.queue(), [...HEALTH, "--json"]);
  const { port } = new URL(await healthUrl(worker));
  await worker.event("waiting");
  using scraper = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await scraper.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
  await scraper.read(new Uint8Array(1));
  worker.kill("SIGTERM");
  assert.equal((await worker.exited).code, 0);
});

brokerTest(
  "--health listens on loopback alone, elsewhere where a host is given",
  async (broker) => {
    for (const [address, reachable] of [["0", false], ["0.0.0.0:0", true]] as const) {
      const worker = broker.start("work", broker.queue(), ["--health", address, "--json"]);
      const port = Number(/:(\d+)\/healthz/.exec(await worker.line(/Health: http/))![1]);
      await worker.event("waiting");
      // An address of this machine that the loopback interface has too, and 127.0.0.1 is not.
      const other = await Deno.connect({ hostname: "127.0.0.2", port }).catch(() => undefined);
      other?.close();
      assert.equal(other !== undefined, reachable, address);
      worker.kill("SIGTERM");
      assert.equal((await worker.exited).code, 0);
    }
  },
);
