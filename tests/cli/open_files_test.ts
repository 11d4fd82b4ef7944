/** `worktool broker` with few descriptors: what it cannot take it refuses, and goes on. */
import assert from "node:assert/strict";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { BrokerProcess } from "../support/broker_process.ts";
import { eventually } from "../support/deadline.ts";
import { EXECUTABLE } from "../support/worktool.ts";

const OPEN_FILES = 64;

Deno.test("a broker out of descriptors rests, says so once, and goes on when some are free", async () => {
  await using broker = await BrokerProcess.startInMemory([], {
    command: ["sh", "-c", `ulimit -n ${OPEN_FILES}; exec "$@"`, "sh", EXECUTABLE],
  });
  const first = await AmqpPeer.open(broker.url);
  const others = await Promise.all(Array.from({ length: 200 }, () => AmqpPeer.dial(broker.url)));
  await broker.logged(/^no room for more connections: \d+ are open, .*\(ulimit -n\)$/);
  // It never comes to the point where accepting fails, which the runtime tries again at once.
  await eventually(
    () => `less than ${OPEN_FILES} open files, there are ${broker.openFiles}`,
    () => broker.openFiles < OPEN_FILES,
  );
  await eventually("the connections without room to be closed", () => {
    return Promise.resolve(others.filter(({ isClosed }) => isClosed).length > 200 - OPEN_FILES);
  });
  await first.openChannel(1); // who was let in is served
  await Promise.all(others.map((peer) => peer[Symbol.asyncDispose]()));
  await eventually("a connection when descriptors are free", async () => {
    try {
      await using _ = await AmqpPeer.open(broker.url);
      return true;
    } catch {
      return false; // the broker has not noticed yet that the others have gone
    }
  });
  await first.close();
  const { code, stderr } = await broker.stop();
  assert.equal(code, 0);
  assert.equal(stderr.match(/no room/g)?.length, 1, stderr);
});
