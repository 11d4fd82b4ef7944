/** A recording that was written can be read again. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatRecording,
  type LabEvent,
  NotARecording,
  parseRecordings,
  type Recording,
} from "../../../src/lab/recording.ts";
import { holds } from "../../support/property.ts";

const event: fc.Arbitrary<LabEvent> = fc.record({
  atMs: fc.nat(),
  kind: fc.constantFrom("sent" as const, "done" as const, "lost" as const),
  task: fc.nat(),
});
const recording: fc.Arbitrary<Recording> = fc.record({
  experiment: fc.string(),
  variant: fc.string(),
  broker: fc.string(),
  commands: fc.array(fc.string()),
  dotMs: fc.nat(),
  workers: fc.array(fc.string()),
  tasks: fc.array(fc.record({ task: fc.nat(), body: fc.string({ unit: "binary" }) })),
  events: fc.array(event),
});

Deno.test("recordings: what was written is read, several in one file", () => {
  holds(fc.property(fc.array(recording, { minLength: 1 }), (all) => {
    const read = parseRecordings(all.map(formatRecording).join(""));
    assert.equal(JSON.stringify(read), JSON.stringify(all));
  }));
});

for (
  const [text, why] of [
    ["", /no recording/],
    ["nonsense\n", /line 1 is no JSON object/],
    ["3\n", /line 1 is no JSON object/],
    [`{"recording":2}\n`, /version 2/],
    [`{"atMs":1,"kind":"sent","task":1}\n`, /line 1: an event before/],
  ] as const
) {
  Deno.test(`recordings: ${why.source} of ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseRecordings(text), (error: Error) => {
      assert.ok(error instanceof NotARecording);
      assert.match(error.message, why);
      return true;
    });
  });
}
