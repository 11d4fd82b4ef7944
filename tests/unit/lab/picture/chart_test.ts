/** Curves: the values are where their numbers say, in every renderer. */
import assert from "node:assert/strict";
import fc from "fast-check";
import stringWidth from "string-width";
import { latencyPercentiles } from "../../../../src/lab/latency.ts";
import { type Chart, chartLayout } from "../../../../src/lab/picture/chart_layout.ts";
import { chartSvg } from "../../../../src/lab/picture/chart_svg.ts";
import { terminalChart } from "../../../../src/lab/picture/chart_terminal.ts";
import { holds } from "../../../support/property.ts";
import { elementsOf } from "./xml.ts";

const FRAME = { left: 50, right: 600, top: 40, bottom: 190, lineHeight: 14 };
const chart: fc.Arbitrary<Chart> = fc.record({
  logarithmic: fc.boolean(),
  values: fc.array(
    fc.array(fc.double({ min: 0.001, max: 1e5, noNaN: true }), { minLength: 4, maxLength: 4 }),
    { minLength: 1, maxLength: 4 },
  ),
}).map(({ logarithmic, values }) => ({
  title: "Speed",
  across: "prefetch",
  places: ["1", "10", "100", "no limit"],
  logarithmic,
  series: values.map((values, at) => ({ name: `kind ${at}`, values })),
}));

Deno.test("chart: more is higher, later is further right, all within the frame", async () => {
  await holds(fc.property(chart, (chart) => {
    const { series } = chartLayout(chart, FRAME);
    const points = series.flatMap(({ points }, at) =>
      points.map((point, place) => ({ ...point, place, value: chart.series[at]!.values[place]! }))
    );
    for (const one of points) {
      assert.ok(one.y >= FRAME.top - 0.01 && one.y <= FRAME.bottom + 0.01);
      assert.ok(one.x >= FRAME.left && one.x <= FRAME.right);
      for (const other of points) {
        if (one.value > other.value) assert.ok(one.y <= other.y + 1e-6);
        if (one.place > other.place) assert.ok(one.x > other.x);
      }
    }
  }));
});

Deno.test("chart: no name covers another", async () => {
  await holds(fc.property(chart, (chart) => {
    const ys = chartLayout(chart, FRAME).series.map(({ nameY }) => nameY).sort((a, b) => a - b);
    for (const [at, y] of ys.slice(1).entries()) {
      assert.ok(y - ys[at]! >= FRAME.lineHeight - 0.01);
    }
  }));
});

Deno.test("chart: in a terminal each curve has its signs and its name, within the columns", async () => {
  await holds(fc.property(chart, fc.integer({ min: 40, max: 120 }), (chart, columns) => {
    const lines = terminalChart(chart, { columns, colour: false });
    for (const line of lines) assert.ok(stringWidth(line) <= columns, line);
    for (const { name } of chart.series) assert.ok(lines.some((line) => line.includes(name)));
  }));
});

Deno.test("chart: the SVG is well-formed, and has a curve and a name for each series", async () => {
  await holds(fc.property(chart, fc.integer({ min: 360, max: 1_000 }), (chart, width) => {
    const svg = chartSvg(chart, { title: chart.title, description: "<&>", width });
    assert.equal(/NaN|Infinity|undefined/.exec(svg)?.[0], undefined);
    const classes = elementsOf(svg).map(({ attributes }) => attributes.get("class") ?? "");
    assert.equal(
      classes.filter((name) => name.startsWith("wl-series")).length,
      2 * chart.series.length,
    );
  }));
});

Deno.test("latencies: percentiles to three digits, whatever their order", () => {
  const latencies = Array.from({ length: 1_000 }, (_, n) => 1_000 - n);
  const percentiles = latencyPercentiles(latencies, [50, 90, 99, 99.9]);
  for (const [at, exact] of [500, 900, 990, 999].entries()) {
    assert.ok(Math.abs(percentiles[at]! - exact) <= exact / 500, `${percentiles[at]}`);
  }
  assert.deepEqual(latencyPercentiles([], [50, 99]), [0, 0]);
});
