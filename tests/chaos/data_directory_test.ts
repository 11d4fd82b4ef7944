/** Data directories that a broker cannot use, or that a crash left in a bad state. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Exit } from "../support/worktool.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import {
  bodies,
  contents,
  DATABASE,
  fillAndKill,
  publish,
  startOn,
  UNAVAILABLE,
} from "./kept_queue.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const DISK_BYTES = 1_000_000;
/** SQLite's: of a database, and of the header of its log. */
const PAGE_BYTES = 4096;
const LOG_HEADER_BYTES = 32;

const obstacle = await ScratchDirectory.obstacle();
const readOnly = "a read-only data directory is refused";
if (obstacle) Deno.test.ignore(`${readOnly} [${obstacle}]`, () => {});
else {
  Deno.test(readOnly, async () => {
    await using directory = await ScratchDirectory.ofSize(DISK_BYTES);
    await directory.makeReadOnly();
    mustRefuse(await startOn(directory.path), directory.path, /cannot be used: .*EROFS/);
    mustRefuse(await startOn(`${directory.path}/new`), "new", /cannot be used: .*EROFS/);
    assert.deepEqual(directory.names(), []);
  });

  Deno.test("data that became read-only is refused and stays as it is", async () => {
    await using directory = await ScratchDirectory.ofSize(DISK_BYTES);
    await using broker = await BrokerProcess.start(directory.path);
    await publish(broker, ["kept"]);
    await broker.stop();
    const names = directory.names();
    await directory.makeReadOnly();
    mustRefuse(await startOn(directory.path), directory.path, /cannot be used: .*EROFS/);
    assert.deepEqual(directory.names(), names);
  });
}

Deno.test("a file in place of the data directory is refused and stays as it is", async () => {
  await using directory = await ScratchDirectory.make();
  const file = `${directory.path}/file`;
  await Deno.writeTextFile(file, "mine");
  mustRefuse(await startOn(file), file, /cannot be used: .*EEXIST/);
  mustRefuse(await startOn(`${file}/below`), file, /cannot be used: .*ENOTDIR/);
  assert.equal(await Deno.readTextFile(file), "mine");
  assert.deepEqual(directory.names(), ["file"]);
});

Deno.test("a second broker on the same data is refused, and the first goes on", async () => {
  await using directory = await ScratchDirectory.make();
  await using first = await BrokerProcess.start(directory.path);
  await publish(first, ["before"]);
  mustRefuse(await startOn(directory.path), directory.path, /is in use by another broker$/);
  await publish(first, ["after"]);
  assert.equal((await first.stop()).code, 0);
  await using again = await BrokerProcess.start(directory.path);
  assert.deepEqual(await contents(again), ["before", "after"]);
});

Deno.test("a log that was cut anywhere gives back what was committed before the cut", async () => {
  await using directory = await ScratchDirectory.make();
  const sizes = await fillAndKill(directory.path);
  const end = sizes.at(-1)!;
  // In the middle of a commit, one octet short, at its end; and a log without even its header.
  const cuts = [end, end - 1, sizes[20]! + 1, sizes[20]!, sizes[20]! - 1, sizes[0]! + 2000];
  for (const cut of [...cuts, LOG_HEADER_BYTES - 1, 0]) {
    await using torn = await ScratchDirectory.make();
    for (const name of [DATABASE, `${DATABASE}-wal`]) {
      await Deno.copyFile(`${directory.path}/${name}`, `${torn.path}/${name}`);
    }
    await Deno.truncate(`${torn.path}/${DATABASE}-wal`, cut);
    await using broker = await BrokerProcess.start(torn.path);
    const committed = sizes.filter((size) => size <= cut).length;
    assert.deepEqual(await contents(broker), bodies.slice(0, committed), `cut at ${cut}`);
    assert.equal((await broker.stop()).code, 0);
  }
});

for (
  const [what, spoil] of [
    ["garbage", (bytes: Uint8Array) => bytes.fill(0x5a)],
    ["without its header", (bytes: Uint8Array) => bytes.fill(0, 0, PAGE_BYTES)],
    ["a header and garbage", (bytes: Uint8Array) => bytes.fill(0xff, PAGE_BYTES)],
    ["garbage where messages are", (bytes: Uint8Array) => bytes.fill(0xff, bytes.length >> 1)],
    ["half gone", (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1)],
  ] as const
) {
  Deno.test(`a database that is ${what} is refused and stays as it is`, async () => {
    await using directory = await ScratchDirectory.make();
    {
      await using broker = await BrokerProcess.start(directory.path);
      await publish(broker, Array.from({ length: 200 }, (_, index) => `${index}`.padEnd(1000)));
      await broker.stop();
    }
    const path = `${directory.path}/${DATABASE}`;
    const spoilt = spoil(await Deno.readFile(path));
    await Deno.writeFile(path, spoilt);
    mustRefuse(await startOn(directory.path), directory.path, /cannot be used: /);
    assert.deepEqual(await Deno.readFile(path), spoilt);
  });
}

for (const statement of ["CREATE TABLE precious (x)", "CREATE TABLE message (a)"]) {
  for (const version of [0, 1]) {
    Deno.test(`a database of another program stays as it is: ${statement}, version ${version}`, async () => {
      await using directory = await ScratchDirectory.make();
      const path = `${directory.path}/${DATABASE}`;
      {
        using foreign = new DatabaseSync(path);
        foreign.exec(`${statement}; PRAGMA user_version = ${version}`);
      }
      const before = await Deno.readFile(path);
      const reason = /cannot be used: its broker\.sqlite is the database of another program$/;
      mustRefuse(await startOn(directory.path), directory.path, reason);
      assert.deepEqual(await Deno.readFile(path), before);
      assert.deepEqual(directory.names(), [DATABASE]);
    });
  }
}

/** It must say in one paragraph which directory, why, and what to do. */
function mustRefuse({ code, stdout, stderr }: Exit, directory: string, reason: RegExp): void {
  assert.equal(code, UNAVAILABLE, stderr);
  assert.equal(stdout, "");
  const [problem, remedy, ...more] = stderr.trimEnd().split("\n");
  assert.match(problem!, /^worktool: data directory "/);
  assert(problem!.includes(directory), problem);
  assert.match(problem!, reason);
  assert.match(remedy!, /^ {2}- choose another with --data, or --memory/);
  assert.deepEqual(more, [], "it says more than that");
}
