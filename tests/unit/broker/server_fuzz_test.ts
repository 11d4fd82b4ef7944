import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import type { BrokerEvent } from "../../../src/broker/broker_event.ts";
import { BrokerServer } from "../../../src/broker/server.ts";
import { encodeMethod, type MethodName } from "../../../src/broker/wire/method_codec.ts";
import { METHOD_TABLE } from "../../../src/broker/wire/method_table.ts";
import { parseFaults } from "../../../src/cli/values/faults.ts";
import { encodeFrame } from "../../support/amqp_frame.ts";
import { holds } from "../../support/property.ts";

const HANDSHAKE = Buffer.concat([
  Buffer.from("AMQP\0\0\x09\x01", "latin1"),
  encodeFrame(
    1,
    0,
    encodeMethod("connection.start-ok", {
      clientProperties: new Map(),
      mechanism: "PLAIN",
      response: "\0guest\0guest",
      locale: "en_US",
    }),
  ),
  encodeFrame(
    1,
    0,
    encodeMethod("connection.tune-ok", { channelMax: 2047, frameMax: 131072, heartbeat: 0 }),
  ),
  encodeFrame(1, 0, encodeMethod("connection.open", { virtualHost: "/" })),
  encodeFrame(1, 1, encodeMethod("channel.open", {})),
]);
const CLOSE = encodeFrame(
  1,
  0,
  encodeMethod("connection.close", { replyCode: 200, replyText: "", classId: 0, methodId: 0 }),
);
const CLOSE_OK = encodeFrame(1, 0, encodeMethod("connection.close-ok", {}));

const bytes = fc.uint8Array({ maxLength: 60 });
const methodBytes = fc.tuple(fc.constantFrom(...Object.keys(METHOD_TABLE) as MethodName[]), bytes)
  .map(([name, rest]) => {
    const { classId, methodId } = METHOD_TABLE[name];
    return Buffer.concat([Buffer.from([0, classId, 0, methodId]), rest]);
  });
const anything = fc.oneof(
  bytes,
  fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 3 }), bytes)
    .map(([type, channel, payload]) => encodeFrame(type, channel, payload)),
  fc.tuple(fc.integer({ min: 0, max: 2 }), methodBytes)
    .map(([channel, payload]) => encodeFrame(1, channel, payload)),
);

/** Sends the handshake, the bytes, and closes; resolves when the broker has ended the socket. */
async function visit(port: number, sent: Uint8Array[]): Promise<void> {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}); // a reset is an answer too
  socket.resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.end(Buffer.concat([HANDSHAKE, ...sent, CLOSE, CLOSE_OK]));
  await closed;
}

const FAULTS = "nack-confirm:30%,redeliver:30%,cancel:30%,close-channel:10%,close-connection:5%," +
  "drop:10%,delay:0..1ms,blocked:after=5:for=1ms";

for (
  const [broker, faults] of [
    ["the broker", undefined],
    ["a broker that goes wrong", { faults: parseFaults(FAULTS), seed: 1 }],
  ] as const
) {
  Deno.test(`no bytes after the handshake upset ${broker}`, async () => {
    const failures: BrokerEvent[] = [];
    const options = { port: 0, ...faults && { faults } };
    await using server = await BrokerServer.listen(options, (event) => {
      if (event.event === "internal-error") failures.push(event);
    });
    const port = Number(new URL(server.url).port);
    await holds(
      fc.asyncProperty(fc.array(anything, { maxLength: 12 }), async (sent) => {
        await visit(port, sent);
        assert.deepEqual(failures, []);
      }),
      { runs: 300 },
    );
  });
}
