import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeMethod,
  encodeMethod,
  type MethodName,
} from "../../../src/broker/wire/method_codec.ts";
import { METHOD_TABLE } from "../../../src/broker/wire/method_table.ts";
import { type Field, readTable } from "../../../src/broker/wire/field_table.ts";
import { encodeTable } from "../../../src/broker/wire/table_writer.ts";
import { UnanswerableError } from "../../../src/broker/wire/protocol_error.ts";
import {
  encodeProperties,
  NO_PRIORITY,
  readProperties,
  type RoutingProperties,
  scanProperties,
} from "../../../src/broker/wire/content_header.ts";
import { holds } from "../../support/property.ts";

const ascii = (maxLength: number) =>
  fc.string({ unit: "binary-ascii", maxLength }) as fc.Arbitrary<string>;

/** What a table may hold: no broker reads the others (tests/conformance/float_test.ts). */
const finite = { noNaN: true, noDefaultInfinity: true };

const { field } = fc.letrec<{ field: Field }>((tie) => ({
  field: fc.oneof(
    { depthSize: "small" },
    fc.record({ type: fc.constant("t" as const), value: fc.boolean() }),
    fc.record({ type: fc.constant("b" as const), value: fc.integer({ min: -128, max: 127 }) }),
    fc.record({ type: fc.constant("B" as const), value: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ type: fc.constant("s" as const), value: fc.integer({ min: -32768, max: 32767 }) }),
    fc.record({ type: fc.constant("u" as const), value: fc.integer({ min: 0, max: 65535 }) }),
    fc.record({ type: fc.constant("I" as const), value: fc.integer() }),
    fc.record({ type: fc.constant("i" as const), value: fc.nat(0x7fffffff).map((n) => n * 2) }),
    fc.record({ type: fc.constant("f" as const), value: fc.float(finite) }),
    fc.record({ type: fc.constant("d" as const), value: fc.double(finite) }),
    fc.record({
      type: fc.constantFrom("l" as const, "L" as const),
      value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.record({
      type: fc.constant("T" as const),
      value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    }),
    fc.record({ type: fc.constant("D" as const), value: fc.constant("\x02\0\0\x01\xff") }),
    fc.record({
      type: fc.constantFrom("S" as const, "x" as const),
      value: fc.uint8Array({ maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes)),
    }),
    fc.record({ type: fc.constant("V" as const), value: fc.constant(null) }),
    fc.record({ type: fc.constant("A" as const), value: fc.array(tie("field"), { maxLength: 4 }) }),
    fc.record({
      type: fc.constant("F" as const),
      value: fc.array(fc.tuple(ascii(10), tie("field")), { maxLength: 4 }).map((all) =>
        new Map(all)
      ),
    }),
  ).map((field): Field => ({ ...field })),
}));
const table = fc.array(fc.tuple(ascii(255), field), { maxLength: 6 }).map((all) => new Map(all));

const domains = {
  bit: fc.boolean(),
  octet: fc.integer({ min: 0, max: 255 }),
  short: fc.integer({ min: 0, max: 65535 }),
  long: fc.integer({ min: 0, max: 0xffffffff }),
  longlong: fc.maxSafeNat(),
  shortstr: ascii(255),
  longstr: ascii(400),
  table,
};

for (const name of Object.keys(METHOD_TABLE) as MethodName[]) {
  Deno.test(`${name} is read as it was written`, async () => {
    const arbitraries: Record<string, fc.Arbitrary<unknown>> = {};
    for (const [argument, domain] of Object.entries(METHOD_TABLE[name].fields)) {
      if (!argument.startsWith("reserved")) {
        arbitraries[argument] = domains[domain as keyof typeof domains];
      }
    }
    await holds(
      fc.property(fc.record(arbitraries), (args) => {
        const bytes = encodeMethod(name, args as never);
        assert.deepEqual(decodeMethod(bytes, 0, bytes.length), { name, args: { ...args } });
      }),
      { runs: 30 },
    );
  });
}

Deno.test("a field table is read as it was written, each field with its type", async () => {
  await holds(fc.property(table, (written) => {
    const bytes = encodeTable(written);
    assert.deepEqual(readTable(bytes, 0, bytes.length), written);
  }));
});

Deno.test("a table with a float that is not finite is not read", () => {
  for (const type of ["f", "d"] as const) {
    for (const value of [Infinity, -Infinity, NaN]) {
      const bytes = encodeTable(new Map([["x", { type, value }]]));
      assert.throws(() => readTable(bytes, 0, bytes.length), UnanswerableError);
    }
  }
});

const properties = fc.record({
  contentType: ascii(255),
  contentEncoding: ascii(255),
  headers: table,
  deliveryMode: domains.octet,
  priority: domains.octet,
  correlationId: ascii(255),
  replyTo: ascii(255),
  expiration: ascii(255),
  messageId: ascii(255),
  timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  type: ascii(255),
  userId: ascii(255),
  appId: ascii(255),
  clusterId: ascii(255),
}, { requiredKeys: [], noNullPrototype: true });

Deno.test("properties are read as they were written", async () => {
  await holds(fc.property(properties, (written) => {
    const bytes = encodeProperties(written);
    assert.deepEqual(readProperties(bytes, 0, bytes.length), { ...written });
  }));
});

Deno.test("a scan of properties finds what decoding finds", async () => {
  await holds(fc.property(properties, (written) => {
    const bytes = encodeProperties(written);
    const found = {} as RoutingProperties;
    scanProperties(bytes, 0, bytes.length, found);
    assert.deepEqual(
      [found.deliveryMode, found.priority, found.replyTo, found.expiration, found.userId],
      [
        written.deliveryMode ?? 1,
        written.priority ?? NO_PRIORITY,
        written.replyTo,
        written.expiration,
        written.userId,
      ],
    );
    if (written.headers === undefined) assert.equal(found.headersAt, -1);
    else assert.deepEqual(readTable(bytes, found.headersAt, bytes.length), written.headers);
  }));
});
