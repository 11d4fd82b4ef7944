/** Nobody but its owner reads a data directory. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EXECUTABLE } from "../support/worktool.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { confirmed } from "../conformance/client.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

for (const umask of ["000", "022", "077"]) {
  Deno.test(`directory and files are their owner's alone, at umask ${umask}`, async () => {
    await using scratch = await ScratchDirectory.make();
    const data = join(scratch.path, "new", "data");
    await using broker = await BrokerProcess.start(data, [], {
      command: ["sh", "-c", `umask ${umask}; exec "$0" "$@"`, EXECUTABLE],
    });
    await publishTo(broker);
    assert.deepEqual(modes(data), {
      ".": "700",
      "broker.sqlite": "600",
      "broker.sqlite-commits": "600",
      "broker.sqlite-wal": "600",
    });
    assert.equal((await broker.stop()).stderr.includes("data directory"), false);
  });
}

Deno.test("a directory that was open to others is closed, and that is said once", async () => {
  await using scratch = await ScratchDirectory.make();
  const data = join(scratch.path, "data");
  {
    await using broker = await BrokerProcess.start(data);
    await publishTo(broker);
    broker.kill();
    await broker.exited;
  }
  for (const name of ["broker.sqlite", "broker.sqlite-wal"]) {
    await Deno.chmod(join(data, name), 0o644);
  }
  await Deno.chmod(data, 0o755);
  {
    await using broker = await BrokerProcess.start(data);
    await broker.logged(/the directory was open to others \(0755\), and is closed now/);
    await broker.logged(/broker\.sqlite was readable for others \(0644\), and is closed now/);
    assert(Object.values(modes(data)).every((mode) => mode.endsWith("00")));
    await broker.stop();
  }
  await using again = await BrokerProcess.start(data);
  assert.doesNotMatch((await again.stop()).stderr, /others/);
});

Deno.test("a directory that has other files in it keeps its mode; the broker's files are closed", async () => {
  await using scratch = await ScratchDirectory.make();
  const data = join(scratch.path, "data");
  await Deno.mkdir(data);
  await Deno.chmod(data, 0o777);
  await Deno.writeTextFile(join(data, "mine"), "");
  await using broker = await BrokerProcess.start(data);
  await broker.logged(/stays open to others \(0777\), because it has "mine" in it too/);
  assert.equal(modes(data)["."], "777");
  assert.equal(modes(data)["broker.sqlite"], "600");
});

/** One persistent message. */
async function publishTo(broker: BrokerProcess): Promise<void> {
  const connection = await broker.connect();
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("queue", { durable: true });
  await confirmed(channel, { routingKey: "queue" }, "x", { persistent: true });
  await connection.close();
}

/** Permissions in octal, by name. */
function modes(directory: string): Record<string, string> {
  const of = (path: string) => (Deno.statSync(path).mode! & 0o777).toString(8);
  const names = [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();
  return Object.fromEntries([
    [".", of(directory)],
    ...names.map((name) => [name, of(join(directory, name))]),
  ]);
}
