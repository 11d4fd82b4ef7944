/** What the broker held under attack, and goes on holding: crowds that come, stay and stall. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { eventually } from "../support/deadline.ts";

/** A broker in memory, and what its system says of it. */
class Target implements AsyncDisposable {
  readonly #broker: BrokerProcess;

  private constructor(broker: BrokerProcess) {
    this.#broker = broker;
  }

  static async start(): Promise<Target> {
    return new Target(await BrokerProcess.startInMemory());
  }

  get url(): string {
    return this.#broker.url;
  }

  get openFiles(): number {
    return this.#broker.openFiles;
  }

  /** Somebody else is served: may connect, declare, and is answered. */
  async servesOthers(): Promise<void> {
    await using peer = await AmqpPeer.open(this.url);
    await peer.openChannel(1);
    await peer.call(1, "queue.declare", { exclusive: true });
    await peer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { code, stderr } = await this.#broker.stop();
    assert.equal(code, 0, stderr.slice(-2_000));
    assert.doesNotMatch(stderr, /a bug in worktool/);
  }
}

async function channelOn(target: Target): Promise<AmqpPeer> {
  const peer = await AmqpPeer.open(target.url);
  await peer.openChannel(1);
  return peer;
}

Deno.test("2,000 clients come and go, half of them without a word, and leave nothing behind", async () => {
  await using target = await Target.start();
  await target.servesOthers();
  const before = target.openFiles;
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 100 }, async (_, n) => {
      await using peer = await AmqpPeer.open(target.url);
      if (n % 2 === 0) await peer.close();
    }));
  }
  await eventually(() => `${before} open files, there are ${target.openFiles}`, () => {
    return target.openFiles <= before;
  });
});

Deno.test("500 clients that stop in the middle of a handshake keep nobody else out", async () => {
  await using target = await Target.start();
  const stalled = await Promise.all(Array.from({ length: 500 }, async (_, n) => {
    const peer = await AmqpPeer.dial(target.url);
    peer.sendBytes(Buffer.from("AMQP\0\0\x09\x01").subarray(0, n % 8));
    return peer;
  }));
  await target.servesOthers();
  await Promise.all(stalled.map((peer) => peer[Symbol.asyncDispose]()));
});

Deno.test("50,000 queues of one client are there, and go with it", async () => {
  await using target = await Target.start();
  const names = Array.from({ length: 50_000 }, (_, n) => `queue ${n}`);
  await using peer = await channelOn(target);
  for (const queue of names) {
    peer.send(1, "queue.declare", { queue, exclusive: true, noWait: true });
  }
  await target.servesOthers();
  await peer.call(1, "queue.declare", { queue: names.at(-1), passive: true });
  await peer.close();
  await using after = await channelOn(target);
  after.send(1, "queue.declare", { queue: names[0], passive: true });
  await after.expectChannelClose(1, 404);
});

Deno.test("5,000 consumers of one queue get a message each", async () => {
  await using target = await Target.start();
  await using peer = await channelOn(target);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  for (let n = 0; n < 5_000; n++) {
    peer.send(1, "basic.consume", { queue, consumerTag: `${n}`, noAck: true, noWait: true });
  }
  await target.servesOthers();
  for (let n = 0; n < 5_000; n++) peer.publish(1, { routingKey: queue }, `${n}`);
  const tags = new Set<unknown>();
  for (let n = 0; n < 5_000; n++) {
    tags.add((await peer.expectContent("basic.deliver", 1)).method.consumerTag);
  }
  assert.equal(tags.size, 5_000);
  await peer.close();
});

Deno.test("a storm of requeues loses and doubles nothing, and others are served meanwhile", async () => {
  await using target = await Target.start();
  await using peer = await channelOn(target);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  for (let n = 0; n < 100; n++) peer.publish(1, { routingKey: queue }, `${n}`);
  await peer.call(1, "basic.qos", { prefetchCount: 10 });
  await peer.call(1, "basic.consume", { queue, consumerTag: "storm" });
  const acked: string[] = [];
  for (let n = 0; acked.length < 100; n++) {
    const { method: { deliveryTag }, body } = await peer.expectContent("basic.deliver", 1);
    if (n === 5_000) await target.servesOthers();
    if (n < 10_000) peer.send(1, "basic.nack", { deliveryTag, requeue: true });
    else {
      peer.send(1, "basic.ack", { deliveryTag });
      acked.push(body.toString());
    }
  }
  assert.equal(new Set(acked).size, 100);
  await peer.call(1, "basic.cancel", { consumerTag: "storm" });
  const { messageCount } = await peer.call(1, "queue.declare", { queue, passive: true });
  assert.equal(messageCount, 0);
  await peer.close();
});
