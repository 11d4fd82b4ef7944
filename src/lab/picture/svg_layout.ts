import { max, median } from "d3-array";
import { scaleLinear } from "d3-scale";
import type { Figure } from "./figure.ts";
import { type Brevity, laneContent } from "./lane_content.ts";
import { laneMeasures } from "./lane_layout.ts";
import { type PanelFrame, type PanelLayout, panelLayout } from "./panel_layout.ts";
import { extent, type Text, textWidth } from "./svg_text.ts";

/** A figure with everything in its place, in px. */
export interface SvgLayout {
  readonly width: number;
  readonly height: number;
  /** Between these is time. */
  readonly left: number;
  readonly right: number;
  readonly panels: readonly PanelLayout[];
  readonly axis: {
    readonly y: number;
    readonly ticks: readonly number[];
    readonly texts: readonly Text[];
  };
}

const MARGIN_PX = 16;
const NAME_GAP_PX = 10;
const PANEL_GAP_PX = 26;
/** What is held is shown where it is so wide, or lasts for so much of a usual task's work. */
const HELD_PX = 6;
const HELD_SHARE = 0.25;

/** Places a figure in a picture so many px wide, one panel below the other. */
export function svgLayout(figure: Figure, { width }: { readonly width: number }): SvgLayout {
  const names = figure.panels.flatMap(({ lanes }) => lanes).map(({ worker }) => worker);
  const nameWidth = Math.min(
    Math.max(
      textWidth("unacknowledged", "unacked"),
      ...names.map((name) => textWidth(name, "name")),
    ),
    Math.max(textWidth("unacknowledged", "unacked"), width / 5),
  );
  const nameX = MARGIN_PX + nameWidth;
  const left = Math.round(nameX + NAME_GAP_PX);
  const right = Math.round(
    width - Math.max(30, textWidth(`${figure.maxDepth}`, "tick") + MARGIN_PX),
  );
  const x = scaleLinear([0, figure.durationMs], [left, right]);
  const brevity = brevityOf(figure, figure.durationMs / (right - left));
  const lanes = figure.panels.flatMap(({ lanes }) => lanes);
  const mostHeld = max(
    lanes,
    (lane) => max(laneContent(lane, brevity).held, ({ waiting, kept }) => waiting + kept) ?? 0,
  ) ?? 0;
  const frame: PanelFrame = {
    ...{ x, left, right, nameX, nameWidth, brevity, width, margin: MARGIN_PX },
    ...{ durationMs: figure.durationMs, longestWorkMs: figure.longestWorkMs },
    maxDepth: figure.maxDepth,
    measures: laneMeasures(max(figure.panels, ({ lanes }) => lanes.length) ?? 0, mostHeld),
  };
  let y = MARGIN_PX;
  const panels = figure.panels.map((panel) => {
    const placed = panelLayout(panel, y, frame);
    y = placed.bottom + PANEL_GAP_PX;
    return placed;
  });
  const axisY = y - PANEL_GAP_PX;
  return {
    ...{ width, left, right, panels },
    height: Math.round(axisY + 20 + MARGIN_PX),
    axis: { y: axisY, ...ticksOf(figure.durationMs, { left, right, width, y: axisY + 17 }) },
  };
}

function brevityOf({ panels }: Figure, pixelMs: number): Brevity {
  const usualMs = median(
    panels.flatMap(({ lanes }) => lanes).flatMap(({ holds }) => holds)
      .filter(({ end }) => end === "done"),
    ({ startMs, workEndMs }) => workEndMs - startMs,
  ) ?? Infinity;
  return {
    heldMs: Math.max(pixelMs, Math.min(HELD_PX * pixelMs, HELD_SHARE * usualMs)),
    overlapMs: pixelMs / 2,
  };
}

/** Round times, the last one with its unit. */
function ticksOf(durationMs: number, { left, right, width, y }: {
  readonly left: number;
  readonly right: number;
  readonly width: number;
  readonly y: number;
}) {
  const [unitMs, unit] = durationMs < 1_000
    ? [1, "ms"]
    : durationMs < 600_000
    ? [1_000, "s"]
    : [60_000, "min"];
  const scale = scaleLinear([0, durationMs / unitMs], [left, right]);
  const count = Math.max(2, Math.floor((right - left) / 75));
  const values = scale.ticks(count);
  const format = scale.tickFormat(count);
  const texts = values.map((value, index): Text => {
    const label = value === 0 ? "0" : format(value);
    const text: Text = {
      ...{ role: "tick", x: scale(value), y, anchor: "middle" },
      text: index === values.length - 1 ? `${label} ${unit}` : label,
    };
    return extent(text).right > width - 2 ? { ...text, x: width - 2, anchor: "end" } : text;
  });
  return { ticks: values.map((value) => scale(value)), texts };
}
