/** Files that are deleted or replaced while a broker writes to them. */
import assert from "node:assert/strict";
import { confirmed } from "../conformance/client.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { contents, DATABASE, LOG, publish, RECORD } from "./kept_queue.ts";
import { within } from "../support/deadline.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const MOVES: Record<string, (path: string) => Promise<void>> = {
  "the database was deleted": (path) => Deno.remove(`${path}/${DATABASE}`),
  "the log was deleted": (path) => Deno.remove(`${path}/${LOG}`),
  "the database was replaced by a copy": async (path) => {
    await Deno.copyFile(`${path}/${DATABASE}`, `${path}/copy`);
    await Deno.rename(`${path}/copy`, `${path}/${DATABASE}`);
  },
  "the directory was replaced by a copy": async (path) => {
    await Deno.rename(path, `${path}-moved`);
    await Deno.mkdir(path);
    for (const name of [DATABASE, LOG, RECORD]) {
      await Deno.copyFile(`${path}-moved/${name}`, `${path}/${name}`);
    }
    await Deno.remove(`${path}-moved`, { recursive: true });
  },
};

for (const [what, move] of Object.entries(MOVES)) {
  Deno.test(`what is published after ${what} is not confirmed`, async () => {
    await using directory = await ScratchDirectory.make();
    await using broker = await BrokerProcess.start(directory.path);
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("queue", { durable: true });
    const publish = () => confirmed(channel, { routingKey: "queue" }, "x", { persistent: true });
    assert.equal(await publish(), "ack");
    await move(directory.path);
    assert.equal(await publish(), "nack");
    await broker.logged(/cannot be written: .*broker\.sqlite\S* is .*deleted, moved or replaced/);
    assert.equal(await publish(), "nack");
    await connection.close();
    assert.equal((await broker.stop()).code, 0);
  });
}

Deno.test("the log is not the only copy for long: soon it is empty, and nobody misses it", async () => {
  await using directory = await ScratchDirectory.make();
  {
    await using broker = await BrokerProcess.start(directory.path);
    await publish(broker, ["kept"]);
    await within(empty(`${directory.path}/${LOG}`), "an empty log");
    broker.kill();
    await broker.exited;
  }
  await Deno.remove(`${directory.path}/${LOG}`);
  await using again = await BrokerProcess.start(directory.path);
  assert.deepEqual(await contents(again), ["kept"]);
  assert.doesNotMatch((await again.stop()).stderr, /damage/);
});

async function empty(path: string): Promise<void> {
  using changes = Deno.watchFs(path);
  if ((await Deno.stat(path)).size === 0) return;
  for await (const _ of changes) if ((await Deno.stat(path)).size === 0) return;
}
