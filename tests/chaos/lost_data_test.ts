/** Data directories that lost confirmed work. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BrokerProcess } from "../support/broker_process.ts";
import {
  alter,
  bodies,
  contents,
  DATABASE,
  fillAndKill,
  fillAndStop,
  LOG,
  MESSAGES,
  publish,
  RECORD,
  startOn,
  UNAVAILABLE,
} from "./kept_queue.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

/** What happens to the files of a broker that was killed, and how many messages that may leave. */
const LOSSES: Record<string, { spoil(path: string): Promise<void>; left: [number, number] }> = {
  "a log altered in the middle": {
    spoil: (path) =>
      alter(`${path}/${LOG}`, (log) => log.fill(0xff, log.length / 2, log.length / 2 + 8)),
    left: [1, MESSAGES - 1],
  },
  "a log cut in the middle": {
    spoil: async (path) => {
      await Deno.truncate(`${path}/${LOG}`, (await Deno.stat(`${path}/${LOG}`)).size / 2);
    },
    left: [1, MESSAGES - 1],
  },
  "a log with another header": {
    spoil: (path) => alter(`${path}/${LOG}`, (log) => log.fill(0xff, 16, 24)),
    left: [0, 0],
  },
  "no log": { spoil: (path) => Deno.remove(`${path}/${LOG}`), left: [0, 0] },
  "a database of no octets": {
    spoil: (path) => Deno.truncate(`${path}/${DATABASE}`),
    left: [0, 0],
  },
  "neither database nor log": {
    spoil: async (path) => {
      await Deno.remove(`${path}/${DATABASE}`);
      await Deno.remove(`${path}/${LOG}`);
    },
    left: [0, 0],
  },
};

for (const [what, { spoil, left: [least, most] }] of Object.entries(LOSSES)) {
  Deno.test(`${what} is told, and the broker starts without it only if that is accepted`, async () => {
    await using directory = await ScratchDirectory.make();
    await fillAndKill(directory.path);
    await spoil(directory.path);
    const { code, stdout, stderr } = await startOn(directory.path);
    assert.equal(code, UNAVAILABLE, stderr);
    assert.equal(stdout, "");
    const [problem, remedy, ...more] = stderr.trimEnd().split("\n");
    assert.match(problem!, /^worktool: data directory ".*" is damaged: /);
    assert.match(remedy!, /^ {2}- --accept-damage starts with what is left/);
    assert.deepEqual(more, []);

    let found: string[];
    {
      await using broker = await BrokerProcess.start(directory.path, ["--accept-damage"]);
      found = await contents(broker);
      const missing = MESSAGES - found.length;
      const line = await broker.logged(/is damaged: .* stored messages.*; gone on without it/);
      assert.match(line, new RegExp(`with them ${missing} of ${MESSAGES} stored messages`));
      assert.equal((await broker.stop()).code, 0);
    }
    assert.deepEqual(found, bodies.slice(0, found.length));
    assert(least <= found.length && found.length <= most, `${found.length} came back`);

    await using again = await BrokerProcess.start(directory.path);
    assert.doesNotMatch((await again.stop()).stderr, /damage/);
  });
}

Deno.test("the log that lost its end is set aside whole", async () => {
  await using directory = await ScratchDirectory.make();
  await fillAndKill(directory.path);
  await alter(
    `${directory.path}/${LOG}`,
    (log) => log.fill(0xff, log.length / 2, log.length / 2 + 8),
  );
  const spoilt = await Deno.readFile(`${directory.path}/${LOG}`);
  const { stderr } = await startOn(directory.path);
  const [name] = /set-aside-\S+-broker\.sqlite-wal/.exec(stderr)!;
  assert.deepEqual(await Deno.readFile(`${directory.path}/${name}`), spoilt);
});

Deno.test("a record that is behind the log, as a power failure leaves it, is no damage", async () => {
  await using directory = await ScratchDirectory.make();
  {
    await using broker = await BrokerProcess.start(directory.path);
    await publish(broker, bodies.slice(0, 20));
    const behind = await Deno.readFile(`${directory.path}/${RECORD}`);
    await publish(broker, bodies.slice(20));
    broker.kill();
    await broker.exited;
    await Deno.writeFile(`${directory.path}/${RECORD}`, behind);
    // The end of a commit that nobody was told of.
    await using log = await Deno.open(`${directory.path}/${LOG}`, { append: true });
    await log.write(new Uint8Array(3_000).fill(0x5a));
  }
  await using broker = await BrokerProcess.start(directory.path);
  assert.deepEqual(await contents(broker), bodies);
  assert.doesNotMatch((await broker.stop()).stderr, /damage/);
});

Deno.test("rows that vanished after an orderly stop are missed", async () => {
  await using directory = await ScratchDirectory.make();
  await fillAndStop(directory.path);
  {
    using database = new DatabaseSync(`${directory.path}/${DATABASE}`);
    database.exec("DELETE FROM message WHERE id IN (SELECT id FROM message LIMIT 2)");
  }
  const { code, stderr } = await startOn(directory.path);
  assert.equal(code, UNAVAILABLE);
  assert.match(stderr, new RegExp(`is damaged: ${MESSAGES - 2} of ${MESSAGES} messages are there`));
});
