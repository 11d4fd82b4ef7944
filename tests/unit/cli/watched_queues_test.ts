import assert from "node:assert/strict";
import fc from "fast-check";
import stringWidth from "string-width";
import { sparkline } from "../../../src/cli/output/sparkline.ts";
import { WatchedQueues } from "../../../src/cli/output/watched_queues.ts";
import { showsUtf8 } from "../../../src/cli/values/locale.ts";
import { COLUMNS } from "../../../src/queue/queue_figures.ts";
import { holds } from "../../support/property.ts";

Deno.test("bars are as high as the largest, 0 is the lowest, unknown is a blank", () => {
  assert.equal(sparkline([0, 1, 700, undefined, 7], { width: 7, ascii: false }), "  ▁▂█ ▂");
  assert.equal(sparkline([9, 0, 5, 10], { width: 3, ascii: true }), "_=#");
  assert.equal(sparkline([0, 0], { width: 2, ascii: false }), "▁▁");
});

function queues(): WatchedQueues {
  const watched = new WatchedQueues();
  for (const ready of [0, 20, 40]) {
    watched.look([
      { name: "images", ready, unacked: 5, consumers: 2, in: 10, out: 0.5, type: "classic" },
      { name: "a-rather-long-name-for-thumbnails", ready: 0, unacked: 40 - ready, consumers: 0 },
    ]);
  }
  return watched;
}

Deno.test("watched queues on 80 columns", () => {
  assert.deepEqual(queues().lines({ columns: 80, rows: 24, ascii: false }), [
    "QUEUE        READY              UNACKED              CONSUMERS     IN/S    OUT/S",
    "images          40         ▁▅█        5         ███          2     10.0      0.5",
    "a-rather-l…      0         ▁▁▁        0         █▅▁          0  unknown  unknown",
  ]);
});

Deno.test("watched queues on 40 columns, without UTF-8 and with few rows", () => {
  const room = { columns: 40, rows: 4, ascii: false };
  assert.deepEqual(queues().lines(room), [
    "QUEUE       READY         UNACKED",
    "images         40    ▁▅█        5    ███",
    "a-rather-…      0    ▁▁▁        0    █▅▁",
  ]);
  assert.deepEqual(queues().lines({ ...room, rows: 3, ascii: true }), [
    "QUEUE   READY         UNACKED",
    "images     40    _=#        5    ###",
    "and 1 more",
  ]);
});

Deno.test("no line is wider than the terminal, and there is one less than it has", () => {
  const figures = fc.record({ name: fc.string({ unit: "grapheme", minLength: 1 }) }).chain(
    ({ name }) =>
      fc.record({ name: fc.constant(name), ready: fc.nat(), unacked: fc.nat(), in: fc.nat() }),
  );
  holds(
    fc.property(
      fc.array(figures, { maxLength: 12 }),
      fc.integer({ min: 12, max: 200 }),
      fc.integer({ min: 4, max: 50 }),
      fc.subarray([...COLUMNS], { minLength: 1 }),
      (all, columns, rows, chosen) => {
        const watched = new WatchedQueues(chosen);
        watched.look(all);
        const lines = watched.lines({ columns, rows, ascii: false });
        assert.ok(lines.length < rows, `${lines.length} of ${rows}`);
        for (const line of lines) assert.ok(stringWidth(line) <= columns, line);
      },
    ),
  );
});

Deno.test("UTF-8 is known by the locale's variables in their order", () => {
  assert.equal(showsUtf8({ LANG: "en_US.UTF-8" }), true);
  assert.equal(showsUtf8({ LANG: "en_US.UTF-8", LC_ALL: "C" }), false);
  assert.equal(showsUtf8({ LC_CTYPE: "C.utf8", LC_ALL: "" }), true);
  assert.equal(showsUtf8({}), false);
});
