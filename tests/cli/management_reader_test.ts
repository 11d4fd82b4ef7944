/** Who asks the management HTTP API and does not read what it answers. */
// deno-lint-ignore-file camelcase -- the names of JSON
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { within } from "../support/deadline.ts";
import { askedWorktool, requestManagement } from "../support/management.ts";
import { Worktool } from "../support/worktool.ts";

const READERS = 12;
const REQUESTS = 100; // of each: more than its socket takes in
const QUEUES = 6_000; // told in 3 MB
const QUEUE = { vhost: "/", durable: true, auto_delete: false, arguments: {} };
const RSS_BYTES = 400_000_000; // all answers would be 3.8 GB

Deno.test("readers that do not read hold up nobody, and little memory", async () => {
  await using broker = await askedWorktool("--max-memory", "64MB");
  const queues = Array.from({ length: QUEUES }, (_, n) => ({ name: `q${n}`, ...QUEUE }));
  const { status } = await requestManagement(broker, ["POST", "definitions"], { body: { queues } });
  assert.equal(status, 204);
  const { hostname, port } = new URL(broker.management);
  const request = "GET /api/queues HTTP/1.1\r\nHost: localhost\r\n" +
    `Authorization: Basic ${btoa("guest:guest")}\r\n\r\n`;
  const readers: Socket[] = [];
  try {
    for (let n = 0; n < READERS; n++) {
      const socket = connectSocket(Number(port), hostname).pause();
      socket.on("error", () => {}); // who holds most may be cut off
      readers.push(socket);
      await within(once(socket, "connect"), "a connection");
      const answered = once(socket, "readable");
      socket.write(request.repeat(REQUESTS));
      await within(answered, "the beginning of an answer");
    }
    const sent = await Worktool.run(["send", "--url", broker.url, "--count", "1000", "task {n}"]);
    assert.equal(sent.code, 0, sent.stderr);
    const { body: [node] } = await requestManagement(broker, ["GET", "nodes"]);
    assert.ok(node.mem_used < RSS_BYTES, `${node.mem_used} octets`);
  } finally {
    for (const socket of readers) socket.destroy();
  }
});
