/** Headers that are more than a frame, or worktool, can hold: nothing is sent, and 65. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { brokerTest } from "../support/brokers.ts";
import { Worktool } from "../support/worktool.ts";

/**
 * What a header takes besides its key and value: two lengths and a type; and the table's own
 * length.
 */
const HEADER_BYTES = 6;
const TABLE_BYTES = 4;

/** So many bytes of headers, encoded; two of them, because one argument is limited too. */
function headersOf(bytes: number): string[] {
  const first = "a".repeat(30_000);
  const rest = bytes - TABLE_BYTES - 2 * (HEADER_BYTES + 1) - first.length;
  return ["-H", `a=${first}`, "-H", `b=${"b".repeat(rest)}`];
}

brokerTest("65,536 bytes of headers are sent, one more is refused: 65", async (broker) => {
  const queue = broker.queue();
  const sent = await broker.run("send", queue, [...headersOf(65_536), "as much as can be"]);
  assert.equal(sent.code, 0, sent.stderr);
  const { code, stdout, stderr } = await broker.run("send", queue, [
    ...headersOf(65_537),
    ...["--count", "3", "too much"],
  ]);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^worktool: the headers are too large: 65,537 bytes together, with their names; worktool can send 65,536 bytes\n {2}- nothing was sent/,
  );
  assert.equal(code, 65);
  const [message, ...others] = await broker.take(queue);
  assert.equal(message?.content.toString(), "as much as can be");
  assert.equal(message.properties.headers?.b.length, 65_536 - 4 - 14 - 30_000);
  assert.equal(others.length, 0);
});

brokerTest("headers must fit in one of the broker's frames: 65", async (broker) => {
  const queue = broker.queue();
  await using frames = await withFrameMax(broker.url, 32_768);
  const send = (bytes: number) =>
    Worktool.run([
      ...["send", "--url", frames.url, "--queue", queue, "--reconnect-for", "0"],
      ...[...headersOf(bytes), "task"],
    ]);
  const refused = await send(40_000);
  assert.match(
    refused.stderr,
    /40,000 bytes together, with their names; this broker takes (32,\d+) bytes \(its frame_max is 32768\)/,
  );
  assert.equal(refused.code, 65);
  const [, limit] = /takes (32,\d+) bytes/.exec(refused.stderr)!;
  const sent = await send(Number(limit!.replace(",", "")));
  assert.equal(sent.code, 0, sent.stderr);
  assert.deepEqual(await broker.takeBodies(queue), ["task"]);
});

/** The broker with another `frame_max` in its `connection.tune`. */
async function withFrameMax(brokerUrl: string, frameMaxBytes: number) {
  const url = new URL(brokerUrl);
  const brokerPort = Number(url.port || 5672);
  const server = createServer((client) => {
    const broker = connect(brokerPort, "127.0.0.1");
    broker.on("data", (bytes) => {
      const tune = bytes.indexOf(methodIdBytes("connection.tune"));
      if (tune !== -1) bytes.writeUInt32BE(frameMaxBytes, tune + 6); // after channel_max
      client.write(bytes);
    });
    client.pipe(broker);
    client.on("error", () => {}).on("close", () => broker.destroy());
    broker.on("error", () => {}).on("close", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
