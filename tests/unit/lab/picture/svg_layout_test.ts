import assert from "node:assert/strict";
import fc from "fast-check";
import { figureOf } from "../../../../src/lab/picture/figure.ts";
import { pictureSvg } from "../../../../src/lab/picture/svg.ts";
import { type SvgLayout, svgLayout } from "../../../../src/lab/picture/svg_layout.ts";
import { extent, fontPx, type Text } from "../../../../src/lab/picture/svg_text.ts";
import { holds } from "../../../support/property.ts";
import { oneByOne, recording } from "./generated_recording.ts";
import { elementsOf } from "./xml.ts";

const width = fc.integer({ min: 360, max: 1_600 });
const recordings = fc.array(recording, { minLength: 1, maxLength: 3 });

/** Rounding of floating point numbers. */
const SLACK_PX = 0.01;

Deno.test("no bar is outside its lane, and no lane outside the plot", async () => {
  await holds(fc.property(recordings, width, (recordings, width) => {
    const layout = svgLayout(figureOf(recordings), { width });
    for (const lane of lanesOf(layout)) {
      assert.ok(lane.x >= layout.left - SLACK_PX);
      assert.ok(lane.x + lane.width <= layout.right + SLACK_PX);
      for (const box of [...lane.bars, ...lane.lives]) {
        assert.ok(box.width >= 0 && box.height > 0);
        assert.ok(box.x >= lane.x - SLACK_PX);
        assert.ok(box.x + box.width <= lane.x + lane.width + SLACK_PX);
        assert.ok(box.y >= lane.y - SLACK_PX);
        assert.ok(box.y + box.height <= lane.y + lane.height + SLACK_PX);
      }
      for (const { waitingY, keptY } of lane.strip) {
        assert.ok(waitingY <= lane.y + lane.height && keptY <= waitingY);
        const bars = lane.bars.map((bar) => bar.y + bar.height);
        assert.ok(keptY >= Math.max(lane.y, ...bars) - SLACK_PX, "the strip is below the bars");
      }
    }
  }));
});

Deno.test("lanes and panels follow each other, and all are in the picture", async () => {
  await holds(fc.property(recordings, width, (recordings, width) => {
    const { panels, height } = svgLayout(figureOf(recordings), { width });
    let y = 0;
    for (const { top, lanes, curves, bottom } of panels) {
      for (const next of [top, ...lanes.flatMap((lane) => [lane.y, lane.y + lane.height])]) {
        assert.ok(next >= y);
        y = next;
      }
      assert.ok(curves.top >= y && curves.base > curves.top && bottom <= height);
      y = bottom;
    }
  }));
});

Deno.test("bars of a worker that works on one task at a time do not overlap", async () => {
  await holds(fc.property(oneByOne, width, (recording, width) => {
    for (const { bars } of lanesOf(svgLayout(figureOf([recording]), { width }))) {
      let right = 0;
      for (const bar of bars) {
        assert.ok(bar.x >= right - SLACK_PX, `${bar.x} begins before ${right}`);
        right = bar.x + bar.width;
      }
    }
  }));
});

Deno.test("each task that was worked on is in a bar, once for each time", async () => {
  await holds(fc.property(recording, width, (recording, width) => {
    const shown = lanesOf(svgLayout(figureOf([recording]), { width }))
      .flatMap(({ bars }) => bars).flatMap(({ tasks }) => tasks);
    const started = recording.events.flatMap((event) =>
      event.kind === "started" ? [event.task] : []
    );
    assert.deepEqual(shown.toSorted(), started.toSorted());
  }));
});

Deno.test("what is later is further to the right", async () => {
  await holds(fc.property(recordings, width, (recordings, width) => {
    const layout = svgLayout(figureOf(recordings), { width });
    const lines = layout.panels.flatMap(({ lanes, curves }) => [
      ...lanes.map(({ strip }) => strip.map(({ x }) => x)),
      ...[curves.ready, curves.unacked].map((points) => points.map(({ x }) => x)),
    ]);
    for (const xs of [...lines, layout.axis.ticks]) {
      assert.deepEqual(xs, xs.toSorted((a, b) => a - b));
      for (const x of xs) {
        assert.ok(x >= layout.left - SLACK_PX && x <= layout.right + SLACK_PX);
      }
    }
  }));
});

Deno.test("no text overlaps another or the edge of the picture", async () => {
  await holds(fc.property(recordings, width, (recordings, width) => {
    const { panels, axis, height } = svgLayout(figureOf(recordings), { width });
    const texts = [...panels.flatMap(({ texts }) => texts), ...axis.texts];
    for (const [index, text] of texts.entries()) {
      const { left, right } = extent(text);
      assert.ok(left >= 0 && right <= width, `"${text.text}" from ${left} to ${right}`);
      assert.ok(text.y > 0 && text.y < height);
      assert.ok(fontPx(text.role) >= 11);
      for (const other of texts.slice(index + 1)) {
        assert.ok(!overlap(text, other), `${JSON.stringify(text)} on ${JSON.stringify(other)}`);
      }
    }
  }));
});

Deno.test("a picture is well-formed XML with numbers only, and names no id of another", async () => {
  await holds(fc.property(recordings, width, fc.string(), (recordings, width, words) => {
    const svg = pictureSvg(figureOf(recordings), { title: words, description: words, width });
    const numbers = /NaN|Infinity|undefined/;
    fc.pre(!numbers.test(`${JSON.stringify(recordings)} ${words}`)); // a worker may be called so
    assert.equal(numbers.exec(svg)?.[0], undefined);
    const elements = elementsOf(svg);
    assert.equal(elements[0]?.name, "svg");
    const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
    assert.equal(new Set(ids).size, ids.length);
    for (const [, id] of svg.matchAll(/url\(#([^)]*)\)/g)) assert.ok(ids.includes(id!));
    const height = Number(elements[0].attributes.get("viewBox")!.split(" ")[3]);
    for (const { name, attributes } of elements) {
      if (name !== "rect" && name !== "text") continue;
      assert.ok(Number(attributes.get("x") ?? 0) >= 0 && Number(attributes.get("x") ?? 0) <= width);
      assert.ok(
        Number(attributes.get("y") ?? 0) >= 0 && Number(attributes.get("y") ?? 0) <= height,
      );
    }
  }));
});

function lanesOf({ panels }: SvgLayout) {
  return panels.flatMap(({ lanes }) => lanes);
}

/** Letters reach from their base line up by about 0.75 em, and down by 0.2. */
function overlap(a: Text, b: Text): boolean {
  const [one, two] = [extent(a), extent(b)];
  const beside = one.right <= two.left + SLACK_PX || two.right <= one.left + SLACK_PX;
  const above = (upper: Text, lower: Text) =>
    upper.y + 0.2 * fontPx(upper.role) <= lower.y - 0.75 * fontPx(lower.role);
  return !(beside || above(a, b) || above(b, a));
}
