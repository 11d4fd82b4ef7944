/** `send` whose connection is lost: what was not confirmed is sent again, with the same ids. */
import assert from "node:assert/strict";
import { brokerTest } from "../support/brokers.ts";
import { EmbeddedBroker } from "../support/embedded_broker.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import { Worktool } from "../support/worktool.ts";

const COUNT = 3_000;

brokerTest("a bulk send goes on after its connection was cut, again and again", async (broker) => {
  const queue = broker.queue();
  await using proxy = await TcpProxy.start(broker.url);
  await using send = Worktool.start([
    ...["send", "--url", proxy.url, "--queue", queue, "--count", `${COUNT}`, "--rate", "600"],
    ...["--reconnect-delay", "1ms..10ms", "--json", "task {n}"],
  ]);
  await send.event("sent");
  for (let cut = 0; cut < 3; cut++) {
    proxy.cut();
    await send.printed(cut + 1, /"event":"reconnected"/);
  }
  const { code, stdout } = await send.exited;
  assert.equal(code, 0);
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const stopped = events.at(-1);
  assert.equal(stopped.sent, COUNT);
  assert.equal(stopped.confirmed, COUNT);
  assert.equal(stopped.unknown, 0);
  const sent = events.filter(({ event }) => event === "sent");
  assert.equal(new Set(sent.map(({ messageId }) => messageId)).size, COUNT, "told once each");
  const resent = events.filter(({ event }) => event === "reconnected")
    .reduce((sum, { resent }) => sum + resent, 0);
  assert.ok(stopped.resent <= resent, "a cut may come before all of them were sent again");
  const arrived = (await broker.take(queue)).map(({ properties }) => properties.messageId);
  assert.deepEqual(new Set(arrived), new Set(sent.map(({ messageId }) => messageId)));
  assert.ok(arrived.length <= COUNT + resent, "nothing twice but what was sent again");
});

brokerTest("duplicates are announced where they are possible", async (broker) => {
  const queue = broker.queue();
  await using proxy = await TcpProxy.start(broker.url);
  await using send = Worktool.start([
    ...["send", "--url", proxy.url, "--queue", queue, "--count", "500", "--rate", "100"],
    ...["--reconnect-delay", "1ms..10ms", "task {n}"],
  ]);
  await send.line(/Sent 'task 10'/);
  proxy.cut();
  const { code, stderr } = await send.exited;
  assert.equal(code, 0);
  assert.match(stderr, /was lost: .*\. Connecting again in /);
  assert.match(stderr, /Connected again/);
  assert.match(stderr, /500 sent: 500 confirmed/);
});

Deno.test("send --wait waits for a broker, and no longer", async () => {
  await using broker = await EmbeddedBroker.start();
  await broker.stop();
  const args = ["send", "--url", broker.url, "--reconnect-delay", "10ms..20ms"];
  const late = await Worktool.run([...args, "--wait", "100ms", "x"]);
  assert.equal(late.code, 69);
  assert.match(late.stderr, /no broker answers at .*connection refused/);
  await using patient = Worktool.start([...args, "--wait", "1m", "patient"]);
  await patient.line(/Connecting again in/);
  await broker.start();
  assert.deepEqual(await patient.exited.then(({ code, stdout }) => [code, stdout]), [
    0,
    " [x] Sent 'patient'\n",
  ]);
  const refused = await Worktool.run([
    ...["send", "--url", broker.url.replace("guest:guest", "guest:wrong"), "--wait", "1m", "x"],
  ]);
  assert.equal(refused.code, 77, "no wait heals a wrong password");
});
