import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { decodeMethod } from "../../../src/broker/wire/method_codec.ts";
import { FRAME_METHOD, FrameParser } from "../../../src/broker/wire/frame_parser.ts";
import { ConnectionError, UnanswerableError } from "../../../src/broker/wire/protocol_error.ts";
import { encodeFrame } from "../../support/amqp_frame.ts";
import { holds } from "../../support/property.ts";

interface Frame {
  type: number;
  channel: number;
  payload: string;
}

function collect(parser: FrameParser, chunks: Iterable<Uint8Array>): Frame[] {
  const frames: Frame[] = [];
  const sink = {
    frame(type: number, channel: number, bytes: Buffer, start: number, end: number) {
      frames.push({ type, channel, payload: bytes.toString("hex", start, end) });
    },
  };
  for (const chunk of chunks) parser.push(Buffer.from(chunk), sink);
  return frames;
}

function encode({ type, channel, payload }: Frame): Buffer {
  return encodeFrame(type, channel, Buffer.from(payload, "hex"));
}

const frame = fc.record({
  type: fc.constantFrom(1, 2, 3, 8),
  channel: fc.integer({ min: 0, max: 65535 }),
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("hex")),
}, { noNullPrototype: true });

Deno.test("frames come out whole, however the stream is cut", async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
  await holds(fc.property(fc.array(frame, { maxLength: 10 }), cuts, (frames, cuts) => {
    const stream = Buffer.concat(frames.map(encode));
    const chunks: Buffer[] = [];
    let at = 0;
    for (let cut = 0; at < stream.length; cut++) {
      const size = cuts[cut % cuts.length]!;
      chunks.push(stream.subarray(at, at + size));
      at += size;
    }
    assert.deepEqual(collect(new FrameParser(4096), chunks), frames);
  }));
});

Deno.test("a header that announces 4 GiB is refused before anything is kept", () => {
  const header = Buffer.from([3, 0, 1, 0xff, 0xff, 0xff, 0xff]);
  assert.throws(
    () => collect(new FrameParser(131072), [header]),
    { name: "ConnectionError", replyCode: 501 },
  );
});

Deno.test("a frame without the frame-end octet is refused with 501", () => {
  const bytes = encode({ type: 1, channel: 1, payload: "005a000a" });
  bytes[bytes.length - 1] = 0;
  assert.throws(() => collect(new FrameParser(131072), [bytes]), {
    replyText: "FRAME_ERROR - type 1, all octets = <<0,90,0,10>>: {invalid_frame_end_marker,0}",
  });
});

Deno.test("any bytes give frames, an error with a code, or a wait for more", async () => {
  const head = fc.uint8Array({ maxLength: 12 });
  await holds(fc.property(fc.array(fc.oneof(head, frame.map(encode))), (chunks) => {
    const parser = new FrameParser(4096);
    try {
      for (const { type, payload } of collect(parser, chunks)) {
        const bytes = Buffer.from(payload, "hex");
        if (type === FRAME_METHOD) decodeMethod(bytes, 0, bytes.length);
      }
    } catch (error) {
      assert.ok(error instanceof ConnectionError || error instanceof UnanswerableError, `${error}`);
    }
  }));
});
