import type { Panel } from "./figure.ts";
import { type CurvesLayout, curvesLayout } from "./curves_layout.ts";
import { type Flag, flagText, type PlacedFlag, placeFlags } from "./flags.ts";
import { type Box, type LaneFrame, type LaneLayout, laneLayout } from "./lane_layout.ts";
import { type Arrow, arrowsOf } from "./arrows.ts";
import { type LostMark, lostOf } from "./lost_marks.ts";
import { fontPx, shortened, type Text, timeText, wrapped } from "./svg_text.ts";

/** One variant, placed. */
export interface PanelLayout {
  readonly top: number;
  /** Where its lanes begin, and its curves end. */
  readonly plotTop: number;
  readonly bottom: number;
  readonly lanes: readonly LaneLayout[];
  /** Of each task by its number. */
  readonly bodies: ReadonlyMap<number, string>;
  readonly outages: readonly Box[];
  readonly arrows: readonly Arrow[];
  readonly lost: readonly LostMark[];
  readonly curves: CurvesLayout;
  /** Where the last task was done. */
  readonly done: Pole | undefined;
  readonly texts: readonly Text[];
}

/** A line over lanes and curves, from its text down. */
export interface Pole {
  readonly x: number;
  readonly top: number;
}

export interface PanelFrame extends LaneFrame {
  readonly maxDepth: number;
  readonly margin: number;
  readonly width: number;
}

const COMMAND_LINE_PX = 15;
const FLAG_ROW_PX = 15;
const LOST_ROW_PX = 18;
const MOST_OUTAGES_NAMED = 3;

/** Places a panel with its top at `top`. */
export function panelLayout(panel: Panel, top: number, frame: PanelFrame): PanelLayout {
  const { x, right, measures } = frame;
  const heading = headingOf(panel, top, frame);
  const flags = placeFlags(flagsOf(panel, x), { left: frame.margin, right: frame.width - 4 });
  const flagsTop = heading.bottom + 4;
  const flagRows = Math.max(0, ...flags.map(({ row }) => row + 1));
  const plotTop = flagsTop + FLAG_ROW_PX * flagRows + 5;
  const flagY = ({ row }: PlacedFlag) => plotTop - 8 - FLAG_ROW_PX * row;

  let y = plotTop;
  const lanes = panel.lanes.map((lane) => {
    const placed = laneLayout(lane, y, frame);
    y += placed.height + measures.gapPx;
    return placed;
  });
  const arrows = arrowsOf(panel, lanes, x);
  const lost = lostOf(panel, lanes, { ...frame, arrows, rowY: y + LOST_ROW_PX / 2 });
  if (lost.hasRow) y += LOST_ROW_PX;
  const curvesTop = y + (lanes.length > 0 ? 6 : 0);
  const { curves, texts } = curvesLayout(panel.depths, {
    ...{ x, top: curvesTop, left: frame.nameX, right: right + 6 },
    ...{ endMs: panel.endMs, maxDepth: frame.maxDepth },
  });
  const done = flags.find(({ kind }) => kind === "done");
  return {
    ...{ top, plotTop, bottom: curves.base, lanes, curves },
    bodies: panel.bodies,
    outages: panel.outages.map(({ fromMs, toMs }) => ({
      ...{ x: x(fromMs), width: Math.max(1, Math.min(x(toMs), right) - x(fromMs)) },
      ...{ y: plotTop, height: curves.base - plotTop },
    })),
    arrows,
    lost: lost.marks,
    done: done && { x: done.x, top: flagY(done) - fontPx("note") + 1 },
    texts: [
      ...heading.texts,
      ...flags.map((flag): Text => ({
        ...{ role: "note", text: flag.text, anchor: flag.anchor },
        ...{ x: flagText(flag).at, y: flagY(flag) },
      })),
      ...lanes.flatMap(({ texts }) => texts),
      ...lost.texts,
      ...texts,
    ],
  };
}

function headingOf(panel: Panel, top: number, { margin, width }: PanelFrame) {
  const space = width - 2 * margin;
  const titleY = top + fontPx("title");
  const lines = panel.command === "" ? [] : wrapped(panel.command, "command", space);
  const texts: Text[] = [
    {
      ...{ role: "title", x: margin, y: titleY, anchor: "start" },
      text: shortened(panel.title, "title", space),
    },
    ...lines.map((text, index): Text => ({
      ...{ role: "command", text, anchor: "start" },
      ...{ x: margin, y: titleY + 3 + COMMAND_LINE_PX * (index + 1) },
    })),
  ];
  return { texts, bottom: texts.at(-1)!.y };
}

type PanelFlag = Flag & { readonly kind: "done" | "outage" };

/** The most important first: where there is no place for all, the last ones go. */
function flagsOf(panel: Panel, x: (ms: number) => number): PanelFlag[] {
  const flags: PanelFlag[] = [];
  if (panel.lastDoneMs !== undefined) {
    const done = new Set(
      panel.lanes.flatMap(({ holds }) => holds).filter(({ end }) => end === "done")
        .map(({ task }) => task),
    ).difference(panel.unexpected).size;
    const all = panel.bodies.size - panel.unexpected.size;
    const which = done >= all ? "all" : `${done} of ${all}`;
    const others = [...panel.outcomes].map(([what, tasks]) => `, ${tasks} ${what}`).join("");
    flags.push({
      kind: "done",
      x: x(panel.lastDoneMs),
      text: `${which} done after ${timeText(panel.lastDoneMs)}${others}`,
    });
  }
  for (const { fromMs, toMs } of panel.outages.slice(0, MOST_OUTAGES_NAMED)) {
    flags.push({
      ...{ kind: "outage", x: x(fromMs) },
      text: `broker away for ${timeText(toMs - fromMs)}`,
    });
  }
  return flags;
}
