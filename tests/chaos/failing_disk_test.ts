/** A data directory on a disk that fails: what is written ends with EIO. */
import assert from "node:assert/strict";
import { confirmed, get } from "../conformance/client.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { FailingDisk, NO_FAILING_DISK } from "../support/failing_disk.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const MESSAGES = 20;
const SENTENCE =
  "a disk that fails leads to no confirm, and what was confirmed is there when it works";

if (NO_FAILING_DISK) Deno.test.ignore(`${SENTENCE} [${NO_FAILING_DISK}]`, () => {});
else Deno.test(SENTENCE, failing);

async function failing(): Promise<void> {
  await using directory = await ScratchDirectory.make();
  const kept: string[] = [];
  {
    await using broker = await BrokerProcess.start(directory.path);
    const channel = await (await broker.connect()).createConfirmChannel();
    await channel.assertQueue("queue", { durable: true });
    const publish = async (body: string) => {
      const outcome = await confirmed(channel, { routingKey: "queue" }, body, { persistent: true });
      if (outcome === "ack") kept.push(body);
      return outcome;
    };
    for (let n = 0; n < MESSAGES; n++) assert.equal(await publish(`before ${n}`), "ack");
    {
      await using _ = await FailingDisk.of(broker.pid);
      for (let n = 0; n < MESSAGES; n++) assert.equal(await publish(`meanwhile ${n}`), "nack");
      await broker.logged(/the data directory cannot be written: .*Publishers get a basic.nack/);
    }
    for (let n = 0; n < MESSAGES; n++) assert.equal(await publish(`after ${n}`), "ack");
    broker.kill();
    await broker.exited;
  }
  await using broker = await BrokerProcess.start(directory.path);
  const connection = await broker.connect();
  const channel = await connection.createChannel();
  const found: string[] = [];
  for (const _ of kept) found.push((await get(channel, "queue")).content.toString());
  assert.deepEqual(found, kept);
  assert.equal(await channel.get("queue"), false);
  await connection.close();
  const { code, stderr } = await broker.stop();
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /set aside|damaged|missing/);
}
