/** Data directories in which something was altered. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { confirmed, drain } from "../conformance/client.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import {
  alter,
  bodies,
  contents,
  DATABASE,
  fillAndStop,
  MESSAGES,
  startOn,
  UNAVAILABLE,
} from "./kept_queue.ts";
import { ScratchDirectory } from "./scratch_directory.ts";

const PAGE_BYTES = 4096;

Deno.test("a message with a flipped bit is set aside and named, and all others come back", async () => {
  await using directory = await ScratchDirectory.make();
  await fillAndStop(directory.path);
  await alter(`${directory.path}/${DATABASE}`, (data) => flip(data, "<7>x"));
  {
    await using broker = await BrokerProcess.start(directory.path);
    const line = await broker.logged(/set aside in/);
    assert.match(line, /: message \d+ of queue "queue" \(damaged\)$/);
    const [name] = /set-aside-\S+\.ndjson/.exec(line)!;
    const [row, ...more] = (await Deno.readTextFile(`${directory.path}/${name}`)).trimEnd().split(
      "\n",
    );
    assert.deepEqual(more, []);
    const { bytes, body_at } = JSON.parse(row!).row;
    assert.equal(atob(bytes).slice(body_at), bodies[7]!.replace("<", "="));
    assert.deepEqual(await contents(broker), bodies.toSpliced(7, 1));
    assert.equal((await broker.stop()).code, 0);
  }
  await using again = await BrokerProcess.start(directory.path);
  assert.doesNotMatch((await again.stop()).stderr, /damage/);
});

Deno.test("a queue with a flipped bit is told, and its messages are set aside if that is accepted", async () => {
  await using directory = await ScratchDirectory.make();
  await fillAndStop(directory.path);
  await alter(`${directory.path}/${DATABASE}`, (data) => flip(data, "x-max-length"));
  const { code, stderr } = await startOn(directory.path);
  assert.equal(code, UNAVAILABLE);
  assert.match(stderr, /is damaged: queue "queue" is damaged/);
  {
    await using broker = await BrokerProcess.start(directory.path, ["--accept-damage"]);
    const line = await broker.logged(/set aside in/);
    const [name] = /set-aside-\S+\.ndjson/.exec(line)!;
    const rows = (await Deno.readTextFile(`${directory.path}/${name}`)).trimEnd().split("\n");
    assert.equal(rows.length, 1 + MESSAGES);
    assert.deepEqual(await contents(broker), []);
    assert.equal((await broker.stop()).code, 0);
  }
  await using again = await BrokerProcess.start(directory.path);
  assert.doesNotMatch((await again.stop()).stderr, /damage/);
});

Deno.test("what can be read of a database that SQLite calls malformed is kept, if that is accepted", async () => {
  await using directory = await ScratchDirectory.make();
  await fillAndStop(directory.path);
  const path = `${directory.path}/${DATABASE}`;
  await alter(path, (data) => {
    const at = placesOf(data, "<30>x").at(-1)! & ~(PAGE_BYTES - 1);
    data.fill(0xff, at, at + PAGE_BYTES);
  });
  const spoilt = await Deno.readFile(path);
  assert.match((await startOn(directory.path)).stderr, /cannot be used: .*malformed/);
  await using broker = await BrokerProcess.start(directory.path, ["--accept-damage"]);
  const line = await broker.logged(/broker\.sqlite could not be read and is set aside as/);
  const [name] = /set-aside-\S+-broker\.sqlite/.exec(line)!;
  assert.deepEqual(await Deno.readFile(`${directory.path}/${name}`), spoilt);
  const found = await contents(broker);
  assert(found.includes(bodies[0]!) && found.includes(bodies.at(-1)!) && found.length < MESSAGES);
  assert.deepEqual(found, bodies.filter((body) => found.includes(body)));
  assert.equal((await broker.stop()).code, 0);
});

Deno.test("a directory of the version before opens, and its messages stay", async () => {
  await using directory = await ScratchDirectory.make();
  {
    using database = new DatabaseSync(`${directory.path}/${DATABASE}`);
    database.exec(`PRAGMA journal_mode=WAL; ${TABLES_OF_VERSION_1}; PRAGMA user_version = 1`);
    const empty = new Uint8Array(4); // a table without arguments
    database.prepare("INSERT INTO queue VALUES (1, '/', 'queue', 0, ?, 0)").run(empty);
    database.prepare("INSERT INTO exchange VALUES ('/', 'exchange', 'fanout', 0, 0, ?)").run(empty);
    database.prepare("INSERT INTO binding VALUES ('/', 'exchange', 1, 'queue', '', ?)").run(empty);
    const bytes = new TextEncoder().encode("\0\x05queue\x10\0\x02old"); // delivery mode 2
    database.prepare("INSERT INTO message VALUES (9, 1, NULL, 10, ?, 0)").run(bytes);
  }
  {
    await using broker = await BrokerProcess.start(directory.path);
    const connection = await broker.connect();
    const channel = await connection.createConfirmChannel();
    assert.equal(
      await confirmed(channel, { exchange: "exchange", routingKey: "" }, "new", {
        persistent: true,
      }),
      "ack",
    );
    broker.kill();
    await broker.exited;
  }
  await using again = await BrokerProcess.start(directory.path);
  const connection = await again.connect();
  const channel = await connection.createConfirmChannel();
  assert.deepEqual(await drain(channel, "queue"), ["old", "new"]);
  await connection.close();
  assert.doesNotMatch((await again.stop()).stderr, /damage/);
});

const TABLES_OF_VERSION_1 = `
  CREATE TABLE exchange (
    vhost TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, auto_delete INTEGER NOT NULL,
    internal INTEGER NOT NULL, arguments BLOB NOT NULL, PRIMARY KEY (vhost, name)
  ) WITHOUT ROWID;
  CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT, vhost TEXT NOT NULL, name TEXT NOT NULL,
    auto_delete INTEGER NOT NULL, arguments BLOB NOT NULL,
    delivered_up_to INTEGER NOT NULL DEFAULT 0, UNIQUE (vhost, name)
  );
  CREATE TABLE binding (
    vhost TEXT NOT NULL, source TEXT NOT NULL, to_queue INTEGER NOT NULL,
    destination TEXT NOT NULL, routing_key TEXT NOT NULL, arguments BLOB NOT NULL,
    PRIMARY KEY (vhost, source, to_queue, destination, routing_key, arguments)
  ) WITHOUT ROWID;
  CREATE TABLE message (
    id INTEGER PRIMARY KEY, queue INTEGER NOT NULL, expires_at REAL, body_at INTEGER NOT NULL,
    bytes BLOB NOT NULL, delivery_count INTEGER NOT NULL DEFAULT 0
  )`;

/** Flips the lowest bit of the octet where a text stands, in free space too. */
function flip(bytes: Uint8Array, text: string): void {
  for (const place of placesOf(bytes, text)) bytes[place]! ^= 1;
}

function placesOf(bytes: Uint8Array, text: string): number[] {
  const all = new TextDecoder("latin1").decode(bytes);
  const places = [...all.matchAll(new RegExp(text, "g"))].map(({ index }) => index);
  assert(places.length > 0, `${text} is not in the file`);
  return places;
}
