/** A broker that has much to read at its start. */
import assert from "node:assert/strict";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess, listening } from "../support/broker_process.ts";
import { eventually } from "../support/deadline.ts";
import { freePorts } from "../support/free_ports.ts";
import { Worktool } from "../support/worktool.ts";
import { publishAll } from "./message_stream.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** A third of a second to read on a quiet machine: a signal or a client comes sooner. */
const MESSAGES = 500_000;

Deno.test("a broker that has much to read at its start ends by a signal, and lets clients wait", async () => {
  await using directory = await ScratchDirectory.make();
  {
    await using broker = await BrokerProcess.start(directory.path);
    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    await peer.call(1, "queue.declare", { queue: "long", durable: true });
    await peer.call(1, "confirm.select");
    const to = { publish: { routingKey: "long" }, properties: { deliveryMode: 2 } };
    await publishAll(peer, 0, MESSAGES, to);
    assert.equal((await broker.stop()).code, 0);
  }
  const [port] = await freePorts(1);
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const args = ["broker", "--no-http", "--port", `${port}`, "--data", directory.path];
  {
    await using broker = Worktool.start(args);
    await using _ = await dialled(url);
    broker.kill("SIGTERM");
    const { code, stdout, stderr } = await broker.exited;
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "" }, stderr);
  }
  await using broker = Worktool.start(args);
  await using peer = await dialled(url);
  await peer.login(url);
  peer.send(0, "connection.open", { virtualHost: "/" });
  await peer.expect("connection.open-ok");
  await peer.openChannel(1);
  const { messageCount } = await peer.call(1, "queue.declare", { queue: "long", passive: true });
  assert.equal(Number(messageCount), MESSAGES);
  await listening(broker);
  await peer.close();
});

/** A connection to a port that is going to listen. */
async function dialled(url: string): Promise<AmqpPeer> {
  let peer: AmqpPeer | undefined;
  await eventually("somebody to listen", async () => {
    peer = await AmqpPeer.dial(url).catch(() => undefined);
    return peer !== undefined;
  });
  return peer!;
}
