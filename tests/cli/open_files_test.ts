/** `worktool broker` with few descriptors: what it cannot take it refuses, and goes on. */
import assert from "node:assert/strict";
import { AmqpPeer } from "../support/amqp_peer.ts";
import { eventually } from "../support/deadline.ts";
import { EXECUTABLE, Worktool } from "../support/worktool.ts";

const OPEN_FILES = 64;

Deno.test("a broker out of descriptors rests, says so once, and goes on when some are free", async () => {
  await using broker = Worktool.start(["broker", "--port", "0", "--memory"], {
    command: ["sh", "-c", `ulimit -n ${OPEN_FILES}; exec "$@"`, "sh", EXECUTABLE],
  });
  const url = (await broker.line(/^amqp:/)).replace("amqp://", "amqp://guest:guest@");
  const first = await AmqpPeer.open(url);
  const others = await Promise.all(Array.from({ length: 200 }, () => AmqpPeer.dial(url)));
  await broker.line(/^no room for more connections: \d+ are open, .*\(ulimit -n\)$/);
  // It never comes to the point where accepting fails, which the runtime tries again at once.
  const open = () => [...Deno.readDirSync(`/proc/${broker.pid}/fd`)].length;
  await eventually(() => `less than ${OPEN_FILES} open files, there are ${open()}`, () => {
    return Promise.resolve(open() < OPEN_FILES);
  });
  await eventually("the connections without room to be closed", () => {
    return Promise.resolve(others.filter(({ isClosed }) => isClosed).length > 200 - OPEN_FILES);
  });
  await first.openChannel(1); // who was let in is served
  await Promise.all(others.map((peer) => peer[Symbol.asyncDispose]()));
  await eventually("a connection when descriptors are free", async () => {
    try {
      await using _ = await AmqpPeer.open(url);
      return true;
    } catch {
      return false; // the broker has not noticed yet that the others have gone
    }
  });
  await first.close();
  broker.kill("SIGTERM");
  const { code, stderr } = await broker.exited;
  assert.equal(code, 0);
  assert.equal(stderr.match(/no room/g)?.length, 1, stderr);
});
