import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { BASIC_CLASS, METHODS } from "./amqp_methods.ts";
import {
  decodeHeader,
  decodeMethod,
  encodeHeader,
  encodeMethod,
  encodeTable,
  Typed,
} from "./amqp_wire.ts";

Deno.test("a method is encoded as AMQP 0-9-1 says", () => {
  const args = { queue: "q", durable: true, noWait: true, arguments: { "x-max-length": 5 } };
  const classAndMethod = "0032000a";
  const table = "00000012" + "0c" + hex("x-max-length") + hex("I") + "00000005";
  const payload = classAndMethod + "0000" + "01" + hex("q") + "12" + table;
  assert.equal(encodeMethod("queue.declare", args).toString("hex"), payload);
});

Deno.test("every method is decoded as it was encoded", () => {
  for (const [name, [, , fields]] of Object.entries(METHODS)) {
    const args: Record<string, unknown> = {};
    for (const field of fields.split(" ").filter(Boolean)) {
      const [key, type] = field.split(":") as [string, string];
      if (type === "bit") args[key] = true;
      else if (type === "table") args[key] = { text: "é", list: [1, null], inner: { a: false } };
      else args[key] = type.endsWith("str") ? "text" : 200;
    }
    assert.deepEqual(decodeMethod(encodeMethod(name, args)), { name, args });
  }
});

Deno.test("a content header is decoded as it was encoded", () => {
  const properties = { contentType: "text/plain", timestamp: 2n ** 64n - 1n, clusterId: "c" };
  const header = [BASIC_CLASS, 5, properties] as const;
  const { classId, bodySize, properties: read } = decodeHeader(encodeHeader(...header));
  assert.deepEqual([classId, bodySize, read], header);
});

Deno.test("numbers of a given type keep sign and size", () => {
  const table = { b: new Typed("b", -1), l: new Typed("l", -2n), u: new Typed("u", 65535) };
  const payload = "0162" + "62ff" + "016c" + "6cfffffffffffffffe" + "0175" + "75ffff";
  assert.equal(encodeTable(table).subarray(4).toString("hex"), payload);
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
