/** The table and the picture of one recording have the same numbers. */
import assert from "node:assert/strict";
import { max, min } from "d3-array";
import fc from "fast-check";
import { numbersOf } from "../../../../src/lab/numbers.ts";
import { figureOf } from "../../../../src/lab/picture/figure.ts";
import { svgLayout } from "../../../../src/lab/picture/svg_layout.ts";
import { timeText } from "../../../../src/lab/picture/svg_text.ts";
import { outcomeTable } from "../../../../src/lab/run_table.ts";
import { holds } from "../../../support/property.ts";
import { recording } from "./generated_recording.ts";

/** A recording drawn so wide that nothing is left out for being brief: a millisecond is a px. */
const drawn = recording.map((recording) => {
  const figure = figureOf([recording]);
  const layout = svgLayout(figure, { width: 1_000 + 2 * figure.durationMs });
  const msOf = (x: number) => (x - layout.left) / (layout.right - layout.left) * figure.durationMs;
  return { recording, figure, panel: layout.panels[0]!, msOf, numbers: numbersOf(recording) };
});

Deno.test("makespan is from the first bar to the end of the last", async () => {
  await holds(fc.property(drawn, ({ panel, msOf, numbers: { makespanMs } }) => {
    const bars = panel.lanes.flatMap(({ bars }) => bars);
    if (bars.length === 0) return;
    const first = msOf(min(bars, ({ x }) => x)!);
    const last = msOf(max(bars, ({ x, width }) => x + width)!);
    assert.ok(Math.abs(last - first - makespanMs) <= 2, `${first} to ${last}: ${makespanMs}`);
  }));
});

Deno.test("a worker's share is the bars of its lane whose work was done", async () => {
  await holds(fc.property(drawn, ({ panel, numbers: { shares } }) => {
    const done = panel.lanes.map(({ worker, bars }) => ({
      worker,
      done: bars.filter(({ end }) => end === "done").flatMap(({ tasks }) => tasks).length,
    }));
    assert.deepEqual(done, shares);
  }));
});

Deno.test("the peaks are the tops of the curves, and the scale's number is the higher one", async () => {
  await holds(fc.property(drawn, ({ figure, panel, numbers: { peakReady, peakUnacked } }) => {
    const { curves: { top, base, ready, unacked }, texts } = panel;
    const topOf = (points: typeof ready) =>
      (base - min(points, ({ y }) => y)!) / (base - top) * figure.maxDepth;
    assert.ok(Math.abs(topOf(ready) - peakReady) < 0.01);
    assert.ok(Math.abs(topOf(unacked) - peakUnacked) < 0.01);
    const ticks = texts.filter(({ role }) => role === "tick").map(({ text }) => Number(text));
    assert.equal(Math.max(...ticks), Math.max(1, peakReady, peakUnacked));
  }));
});

Deno.test("what the picture says of done and lost tasks is what the table says", async () => {
  await holds(fc.property(drawn, ({ recording, figure, panel, numbers }) => {
    const [row] = outcomeTable([{ name: "one", recordings: [recording], facts: [] }]).rows;
    assert.equal(row![1], `${numbers.done} of ${recording.tasks.length}`);
    assert.deepEqual(figure.panels[0]!.lost.map(({ task }) => task), numbers.lost);
    const { lastDoneMs } = figure.panels[0]!;
    const said = panel.texts.find(({ text }) => text.includes(" done after "))?.text;
    assert.equal(said === undefined, lastDoneMs === undefined);
    if (said === undefined) return;
    const which = numbers.done === recording.tasks.length ? "all" : row![1];
    assert.ok(said.startsWith(`${which} done after ${timeText(lastDoneMs!)}`), said);
  }));
});
