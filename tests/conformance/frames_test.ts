/**
 * Frames: what is well-formed, in which order they may come, and what the broker says otherwise.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD } from "../support/amqp_frame.ts";
import { BASIC_CLASS, methodIdBytes, methodIds } from "../support/amqp_methods.ts";
import type { AmqpPeer } from "../support/amqp_peer.ts";
import { Typed } from "../support/amqp_wire.ts";
import type { Release } from "../support/broker_list.ts";
import { behaviour } from "./brokers.ts";

const QUEUE_DECLARE = methodIdBytes("queue.declare");
const BASIC_QOS = methodIdBytes("basic.qos");

/** Each: what the peer does on an open connection with channel 1 open, and the code it gets. */
type ReplyCode = number | Record<Release, number>;

const connectionErrors: [string, ReplyCode, (peer: AmqpPeer) => void][] = [
  ["a frame of unknown type", 501, (peer) => peer.sendFrame(9, 0, Buffer.alloc(0))],
  ["a heartbeat with a payload", 501, (peer) => {
    peer.sendFrame(FRAME_HEARTBEAT, 0, Buffer.from("beat"));
  }],
  ["a method frame too short for a method", 501, (peer) => {
    peer.sendFrame(FRAME_METHOD, 1, QUEUE_DECLARE.subarray(0, 2));
  }],
  ["a method frame with arguments cut off", 501, (peer) => {
    peer.sendFrame(FRAME_METHOD, 1, Buffer.from([...QUEUE_DECLARE, 0, 0, 9, 0x41]));
  }],
  ["a method frame with octets after its arguments", 501, (peer) => {
    peer.sendFrame(FRAME_METHOD, 1, Buffer.from([...BASIC_QOS, 0, 0, 0, 0, 0, 1, 0, 9]));
  }],
  ["a text that is not UTF-8", 501, (peer) => {
    const name = [2, 0xff, 0xfe];
    peer.sendFrame(FRAME_METHOD, 1, Buffer.from([...QUEUE_DECLARE, 0, 0, ...name, 4, 0, 0, 0, 0]));
  }],
  ["a content header too short for one", 501, (peer) => {
    peer.send(1, "basic.publish");
    peer.sendFrame(FRAME_HEADER, 1, Buffer.of(0, BASIC_CLASS, 0, 0));
  }],
  ["a reply text that is not UTF-8", 501, (peer) => {
    const payload = [...methodIdBytes("channel.close"), 0, 200, 1, 0xff, 0, 0, 0, 0];
    peer.sendFrame(FRAME_METHOD, 1, Buffer.from(payload));
  }],
  ["a content header on a channel not open", 505, (peer) => peer.sendHeader(2, { bodySize: 1 })],
  ["a heartbeat on a channel", 505, (peer) => peer.sendHeartbeat(1)],
  ["a body frame on channel 0", 505, (peer) => peer.sendBody(0, "x")],
  ["a body frame without a method", 505, (peer) => peer.sendBody(1, "x")],
  ["a content header without a method", 505, (peer) => peer.sendHeader(1, { bodySize: 1 })],
  ["a content header of another class", 505, (peer) => {
    peer.send(1, "basic.publish");
    peer.sendHeader(1, { bodySize: 1, classId: methodIds("queue.declare").classId });
  }],
  ["a body frame where the content header must come", 505, (peer) => {
    peer.send(1, "basic.publish");
    peer.sendBody(1, "x");
  }],
  ["a method where the content header must come", 505, (peer) => {
    peer.send(1, "basic.publish");
    peer.send(1, "basic.qos");
  }],
  ["a content header whose weight is not 0", 505, (peer) => {
    peer.send(1, "basic.publish");
    peer.sendFrame(
      FRAME_HEADER,
      1,
      Buffer.from([0, BASIC_CLASS, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    );
  }],
  ["a body frame after a header that announced none", 505, (peer) => {
    peer.publish(1, { routingKey: "nowhere" });
    peer.sendBody(1, "");
  }],
  ["a method where a body frame must come", 505, (peer) => {
    peer.send(1, "basic.publish");
    peer.sendHeader(1, { bodySize: 5 });
    peer.send(1, "basic.qos");
  }],
  ["a second content header", 505, (peer) => {
    peer.send(1, "basic.publish");
    peer.sendHeader(1, { bodySize: 5 });
    peer.sendHeader(1, { bodySize: 5 });
  }],
  ["more body than the header announced", { "3.10": 505, "4.0": 505, "4.3": 501 }, (peer) => {
    peer.send(1, "basic.publish");
    peer.sendHeader(1, { bodySize: 2 });
    peer.sendBody(1, "too much");
    peer.send(1, "basic.qos");
  }],
  ["a method that only a broker may send", 503, (peer) => peer.send(1, "queue.declare-ok")],
  ["channel.close-ok that nobody asked for", 503, (peer) => peer.send(1, "channel.close-ok")],
  ["a property list cut off", 541, (peer) => {
    peer.send(1, "basic.publish");
    const header = [0, BASIC_CLASS, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    peer.sendFrame(FRAME_HEADER, 1, Buffer.from([...header, 0x80, 0, 9, 0x41]));
    peer.send(1, "basic.qos");
  }],
  ["a header of a type that does not exist", 541, (peer) => {
    peer.send(1, "basic.publish", { routingKey: "nowhere" });
    const head = [0, BASIC_CLASS, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    peer.sendFrame(FRAME_HEADER, 1, Buffer.from([...head, 0x20, 0, 0, 0, 0, 3, 1, 0x41, 0x3f]));
  }],
  ["a header that is not a number", 541, (peer) => {
    const headers = { nan: new Typed("d", NaN) };
    peer.publish(1, { routingKey: "nowhere" }, "", { properties: { headers } });
  }],
  ["connection.open on an open connection", 504, (peer) => peer.send(0, "connection.open")],
  ["connection.close-ok that nobody asked for", 504, (peer) => peer.send(0, "connection.close-ok")],
  ["connection.close on a channel not open", 504, (peer) => peer.send(2, "connection.close")],
  ["channel.open on channel 0", 504, (peer) => peer.send(0, "channel.open")],
  ["queue.declare on channel 0", 504, (peer) => peer.send(0, "queue.declare")],
];

for (const [what, replyCode, violate] of connectionErrors) {
  const code = typeof replyCode === "number" ? replyCode : "a code of its release";
  behaviour(`${what} closes the connection with ${code}`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    violate(peer);
    await peer.expectConnectionClose(
      typeof replyCode === "number" ? replyCode : replyCode[broker.release],
    );
  });
}

behaviour("what a publish names need not be UTF-8", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const publish = [...methodIdBytes("basic.publish"), 0, 0, 0, 2, 0xff, 0xfe, 1]; // mandatory
  peer.sendFrame(FRAME_METHOD, 1, Buffer.from(publish));
  peer.sendHeader(1, { bodySize: 0 });
  const { method } = await peer.expectContent("basic.return", 1);
  assert.equal(method.replyCode, 312);
  await peer.close();
});

behaviour("the payload of a frame may be as large as frame-max", async (broker) => {
  await using peer = await broker.peer({ tuneOk: { frameMax: 8192 } });
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.publish(1, { routingKey: queue }, Buffer.alloc(8192), { bodyFrameBytes: 8192 });
  peer.send(1, "basic.get", { queue });
  const { body } = await peer.expectContent("basic.get-ok", 1);
  assert.equal(body.length, 8192);
  await peer.close();
});

behaviour("frames too large or without frame-end close the connection with 501", async (broker) => {
  const violations = [
    (peer: AmqpPeer) => peer.sendBody(1, Buffer.alloc(131_073)),
    (peer: AmqpPeer) => {
      peer.sendBytes(Buffer.from([FRAME_METHOD, 0, 1, 0, 0, 0, 4, ...BASIC_QOS, 0xcf]));
    },
  ];
  await Promise.all(violations.map(async (violate) => { // RabbitMQ takes seconds to end the socket
    await using peer = await broker.peer();
    await peer.openChannel(1);
    violate(peer);
    await peer.expectConnectionClose(501);
  }));
});

for (
  const [what, payload] of [
    ["class", [0, 51, 0, 10]],
    ["method of a known class", [0, BASIC_CLASS, 0, 199]],
    ["table value type", [...QUEUE_DECLARE, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0x41, 0x5a]],
  ] as const
) {
  behaviour(`an unknown ${what} ends the connection`, async (broker) => {
    await using peer = await broker.peer();
    await peer.openChannel(1);
    peer.sendFrame(FRAME_METHOD, 1, Buffer.from(payload));
    await peer.expectEnd();
  });
}

behaviour("connection.close after an error names the method to blame", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  peer.send(1, "basic.publish");
  peer.sendBody(1, "no header");
  const { classId, methodId } = await peer.expectConnectionClose(505);
  assert.deepEqual({ classId, methodId }, methodIds("basic.publish"));
});

behaviour("frames may come in pieces of one octet", async (broker) => {
  await using peer = await broker.peer();
  for (const octet of [FRAME_METHOD, 0, 1, 0, 0, 0, 5, ...methodIdBytes("channel.open"), 0, 0xce]) {
    peer.sendBytes(Buffer.from([octet]));
  }
  await peer.expect("channel.open-ok", 1);
  await peer.close();
});

behaviour("many frames may come at once", async (broker) => {
  await using peer = await broker.peer();
  const open = [FRAME_METHOD, 0, 1, 0, 0, 0, 5, ...methodIdBytes("channel.open"), 0, 0xce];
  const qos = [FRAME_METHOD, 0, 1, 0, 0, 0, 11, ...BASIC_QOS, 0, 0, 0, 0, 0, 9, 0, 0xce];
  peer.sendBytes(Buffer.from([...open, ...qos, ...qos]));
  await peer.expect("channel.open-ok", 1);
  await peer.expect("basic.qos-ok", 1);
  await peer.expect("basic.qos-ok", 1);
  await peer.close();
});

behaviour("frames of several channels may interleave within a message", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  await peer.openChannel(2);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.send(1, "basic.publish", { routingKey: queue });
  peer.send(2, "basic.publish", { routingKey: queue });
  peer.sendHeader(2, { bodySize: 3 });
  peer.sendHeader(1, { bodySize: 3 });
  peer.sendBody(1, "on");
  peer.sendBody(2, "two");
  await peer.call(2, "basic.qos"); // the second message is whole now
  peer.sendBody(1, "e");
  for (const body of ["two", "one"]) {
    peer.send(1, "basic.get", { queue, noAck: true });
    assert.equal((await peer.expectContent("basic.get-ok", 1)).body.toString(), body);
  }
  await peer.close();
});

behaviour("a body may come in frames of any size", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.publish(1, { routingKey: queue }, "in pieces", { bodyFrameBytes: 1 });
  peer.send(1, "basic.get", { queue, noAck: true });
  assert.equal((await peer.expectContent("basic.get-ok", 1)).body.toString(), "in pieces");
  await peer.close();
});

behaviour("an empty body frame within a body is passed over", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.send(1, "basic.publish", { routingKey: queue });
  peer.sendHeader(1, { bodySize: 2 });
  for (const part of ["a", "", "b"]) peer.sendBody(1, part);
  peer.send(1, "basic.get", { queue, noAck: true });
  assert.equal((await peer.expectContent("basic.get-ok", 1)).body.toString(), "ab");
  await peer.close();
});

behaviour("an empty body has no body frame", async (broker) => {
  await using peer = await broker.peer();
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.publish(1, { routingKey: queue });
  peer.send(1, "basic.get", { queue, noAck: true });
  assert.deepEqual((await peer.expectContent("basic.get-ok", 1)).bodyFrames, []);
  await peer.call(1, "basic.qos");
  await peer.close();
});

for (
  const [bytes, bodyFrames] of [
    [8184, [8184]],
    [8185, [8184, 1]],
    [20000, [8184, 8184, 3632]],
  ] as const
) {
  behaviour(`${bytes} octets come in ${bodyFrames.length} frames of 8192`, async (broker) => {
    await using peer = await broker.peer({ tuneOk: { frameMax: 8192 } });
    await peer.openChannel(1);
    const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
    const body = Buffer.alloc(bytes, "body");
    peer.publish(1, { routingKey: queue }, body);
    peer.send(1, "basic.get", { queue, noAck: true });
    const content = await peer.expectContent("basic.get-ok", 1);
    assert.deepEqual(content.bodyFrames, bodyFrames);
    assert(content.body.equals(body));
    await peer.close();
  });
}

behaviour("a frame of exactly frame-max is accepted", async (broker) => {
  await using peer = await broker.peer({ tuneOk: { frameMax: 8192 } });
  await peer.openChannel(1);
  const { queue } = await peer.call(1, "queue.declare", { exclusive: true });
  peer.publish(1, { routingKey: queue }, Buffer.alloc(4088), { bodyFrameBytes: 4088 });
  peer.send(1, "basic.get", { queue, noAck: true });
  assert.equal((await peer.expectContent("basic.get-ok", 1)).body.length, 4088);
  await peer.close();
});
