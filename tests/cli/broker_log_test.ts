/** The broker's log is for a person at a terminal: nothing that a client names acts upon it. */
import assert from "node:assert/strict";
import { AmqpPeer, type OpenOptions, PROTOCOL_HEADER } from "../support/amqp_peer.ts";
import { decodeMethod } from "../support/amqp_wire.ts";
import { BrokerProcess } from "../support/broker_process.ts";

/** Clears the screen, forges a line, turns the text around: C0, C1 and bidirectional controls. */
const EVIL = "\x1b[2J\r\n[9] opened by root\x9b1m\u202e☃";
/** RabbitMQ drops line ends from the names of queues and exchanges. */
const ESCAPED = /\\x1b\[2J(?:\\r\\n)?\[9\] opened by root\\x9b1m\\u202e☃/;

/** What a client may name in each step, each of which ends in a line of the log. */
const NAMED: readonly [what: string, say: (peer: AmqpPeer) => void | Promise<void>][] = [
  ["a queue", (peer) => peer.send(1, "queue.declare", { queue: EVIL, passive: true })],
  ["an exchange", (peer) => peer.publish(1, { exchange: EVIL })],
  ["an exchange's type", (peer) => peer.send(1, "exchange.declare", { exchange: "x", type: EVIL })],
  ["a consumer", async (peer) => {
    await peer.call(1, "queue.declare", { queue: "here" });
    await peer.call(1, "basic.consume", { queue: "here", consumerTag: EVIL });
    peer.send(1, "basic.consume", { queue: "here", consumerTag: EVIL });
  }],
];

function startBroker(): Promise<BrokerProcess> {
  return BrokerProcess.startInMemory([
    ...["--verbose", "--user", "guest:guest", "--user", `${EVIL}:secret`],
    ...["--vhost", "/", "--vhost", EVIL],
  ]);
}

/** Stops it; nothing that it has said may be raw, and every line must be its own. */
async function stopQuiet(broker: BrokerProcess): Promise<void> {
  const { code, stderr } = await broker.stop();
  assert.equal(code, 0);
  // deno-lint-ignore no-control-regex -- they are what is looked for
  assert.doesNotMatch(stderr, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  assert.doesNotMatch(stderr, /^\[9\]/m);
}

Deno.test("what clients name is escaped in the broker's log, before a login too", async () => {
  await using broker = await startBroker();
  {
    await using peer = await AmqpPeer.dial(broker.url);
    peer.sendBytes(PROTOCOL_HEADER);
    await peer.expect("connection.start");
    peer.send(0, "connection.start-ok", { mechanism: EVIL, response: "", locale: "en_US" });
    await peer.expectEnd();
    assert.match(await broker.logged(/^\[1\] refused: .*mechanism/), ESCAPED);
  }
  {
    await using peer = await AmqpPeer.dial(broker.url);
    await peer.login(broker.url);
    peer.send(0, "connection.open", { virtualHost: `${EVIL}?` });
    await peer.expectConnectionClose(530);
    assert.match(await broker.logged(/^\[2\] closed: 530 /), ESCAPED);
  }
  {
    const options: OpenOptions = {
      ...{ user: EVIL, password: "secret", vhost: EVIL },
      clientProperties: { connection_name: EVIL },
    };
    await using peer = await AmqpPeer.open(broker.url, options);
    const opened = await broker.logged(/^\[3\] opened by /);
    assert.equal(opened.match(new RegExp(ESCAPED, "g"))?.length, 3, opened);
    await peer.close();
  }
  await stopQuiet(broker);
});

Deno.test("error texts that repeat a client's names are escaped in the broker's log", async () => {
  await using broker = await startBroker();
  for (const [what, say] of NAMED) {
    await using peer = await AmqpPeer.open(broker.url);
    await peer.openChannel(1);
    await say(peer);
    const { name } = decodeMethod((await peer.nextFrame("an error")).payload);
    assert.match(name, /^(?:channel|connection)\.close$/, what);
  }
  for (const [n, [what]] of NAMED.entries()) {
    assert.match(await broker.logged(new RegExp(`^\\[${n + 1}\\] .*closed: `)), ESCAPED, what);
  }
  await stopQuiet(broker);
});
