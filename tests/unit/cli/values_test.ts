import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../../src/cli/values/duration.ts";
import { parseHeader } from "../../../src/cli/values/header.ts";
import { integerBetween } from "../../../src/cli/values/integer.ts";
import { parseQueueArgument } from "../../../src/cli/values/queue_argument.ts";
import { parseRate } from "../../../src/cli/values/rate.ts";
import { parseSize } from "../../../src/cli/values/size.ts";
import { nonEmptyShortString, shortString } from "../../../src/cli/values/short_string.ts";
import { holds } from "../../support/property.ts";

Deno.test("durations have a unit", () => {
  const table: [string, number][] = [
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["0", 0],
    ["0.4ms", 0],
  ];
  for (const [text, ms] of table) assert.equal(parseDuration(text), ms, text);
  for (const text of ["", "5", "s", "-1s", "1 s", "1w", "1e3s", "25d", "١s"]) {
    assert.throws(() => parseDuration(text), RangeError, text);
  }
});

Deno.test("durations are shown in a unit that fits", () => {
  assert.equal(formatDuration(0), "0.00 s");
  assert.equal(formatDuration(1_234), "1.23 s");
  assert.equal(formatDuration(12_340), "12.3 s");
  assert.equal(formatDuration(119_600), "2 min 0 s");
});

Deno.test("integers keep to their range", () => {
  const parse = integerBetween(-5, 70);
  assert.equal(parse("-5"), -5);
  assert.equal(parse("70"), 70);
  for (const text of ["-6", "71", "1.0", "", " 1", "0x1", "1e1", "٣"]) {
    assert.throws(() => parse(text), /whole number, -5 to 70\./, text);
  }
});

Deno.test("headers split at the first separator", () => {
  assert.deepEqual(parseHeader("k: v"), ["k", "v"]);
  assert.deepEqual(parseHeader("k:v"), ["k", "v"]);
  assert.deepEqual(parseHeader("k=v"), ["k", "v"]);
  assert.deepEqual(parseHeader("k: a=b:c"), ["k", "a=b:c"]);
  assert.deepEqual(parseHeader("k=a: b"), ["k", "a: b"]);
  assert.deepEqual(parseHeader("k:  v "), ["k", " v "]);
  assert.deepEqual(parseHeader("k="), ["k", ""]);
  for (const text of ["", "k", ": v", "=v"]) assert.throws(() => parseHeader(text), RangeError);
});

Deno.test("queue arguments are typed", () => {
  const table: [string, string | number | boolean][] = [
    ["k=10", 10],
    ["k=-10", -10],
    ["k=true", true],
    ["k=false", false],
    ["k=drop-head", "drop-head"],
    ["k=", ""],
    ["k=1.5", "1.5"],
    ["k=a=b", "a=b"],
    ['k="10"', "10"],
    ['k="true"', "true"],
  ];
  for (const [text, value] of table) assert.deepEqual(parseQueueArgument(text), ["k", value], text);
  for (const text of ["k", "=v", "", "k=99999999999999999999"]) {
    assert.throws(() => parseQueueArgument(text), RangeError, text);
  }
});

Deno.test("rates may be less than one a second", () => {
  assert.equal(parseRate("0.5"), 0.5);
  assert.equal(parseRate("1000"), 1_000);
  for (const text of ["0", "-1", "", "1e3", "0.0001"]) {
    assert.throws(() => parseRate(text), RangeError);
  }
});

Deno.test("sizes have a unit, decimal or binary", () => {
  assert.equal(parseSize("64MB"), 64_000_000);
  assert.equal(parseSize("1.5GiB"), 1_610_612_736);
  for (const text of ["", "64", "64M", "-1MB", "1 MB"]) {
    assert.throws(() => parseSize(text), RangeError, text);
  }
});

Deno.test("names have at most 255 bytes, not characters", async () => {
  await holds(fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
    const fits = new TextEncoder().encode(text).length <= 255;
    if (fits) assert.equal(shortString(text), text);
    else assert.throws(() => shortString(text), RangeError);
  }));
  assert.throws(() => nonEmptyShortString(""), /must not be empty/);
});
