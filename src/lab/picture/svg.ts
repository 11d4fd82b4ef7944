import { area, curveStepAfter, line } from "d3-shape";
import { escapedXml } from "./escaped_xml.ts";
import type { Figure } from "./figure.ts";
import type { Arrow } from "./arrows.ts";
import type { CurvesLayout } from "./curves_layout.ts";
import type { Bar, Box, LaneLayout, Strip } from "./lane_layout.ts";
import type { PanelLayout } from "./panel_layout.ts";
import { svgLayout } from "./svg_layout.ts";
import { shortened, type Text, timeText } from "./svg_text.ts";
import { styleSheet } from "./svg_theme.ts";
import type { Point } from "./visible_steps.ts";

export interface SvgOptions {
  /** What the picture is called by a screen reader. */
  readonly title: string;
  /** What it shows, in a sentence or two, for who does not see it. */
  readonly description: string;
  /** How wide it is drawn, in px, from 360 on; 720 unless told. It can be shown at any size. */
  readonly width?: number;
}

/** With more bars than these, hints would be most of the file. */
const MOST_BARS_TOLD = 100;
/** So much of a task's body is told. */
const HINT_PX = 300;

/** The lines that a picture begins with: its size, its text for screen readers, its style. */
export function svgHead(
  { title, description, width, height }: Required<SvgOptions> & { readonly height: number },
): string[] {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="wl-picture" viewBox="0 0 ${width} ${height}"` +
    ' role="img">',
    `<title>${escapedXml(title)}</title>`,
    `<desc>${escapedXml(description)}</desc>`,
    `<style>${styleSheet()}</style>`,
  ];
}

/** Draws a figure as one self-contained SVG element. */
export function pictureSvg(
  figure: Figure,
  { title, description, width = 720 }: SvgOptions,
): string {
  const layout = svgLayout(figure, { width });
  const { height, left, axis, panels } = layout;
  // Several pictures may be in one page, so ids are made from what the picture shows.
  const id = `wl-${hash(JSON.stringify([title, description, layout]))}`;
  return [
    ...svgHead({ title, description, width, height }),
    `<defs>${patterns(id)}</defs>`,
    `<rect class="wl-bg" width="${width}" height="${height}" rx="6"/>`,
    ...panels.map((panel) => panelSvg(panel, axis.ticks, id)),
    ...axis.ticks.map((x) => vertical("axis", x, axis.y, axis.y + 4)),
    axis.texts.map(textSvg).join(""),
    // The axis of the last panel is that of the figure.
    `<path class="wl-axis wl-line" d="M${px(left)} ${px(axis.y)}H${px(layout.right)}"/>`,
    "</svg>",
    "",
  ].filter((part) => part !== "").join("\n") + "\n";
}

function patterns(id: string): string {
  const pattern = (name: string, size: number, turn: number, cls: string, width: number) =>
    `<pattern id="${id}-${name}" width="${size}" height="${size}" patternUnits="userSpaceOnUse"` +
    ` patternTransform="rotate(${turn})"><path class="wl-${cls}" d="M0 0V${size}"` +
    ` stroke-width="${width}"/></pattern>`;
  return pattern("waiting", 5, 45, "hatch", 4) + pattern("kept", 4, -45, "kept-hatch", 1);
}

function panelSvg(panel: PanelLayout, ticks: readonly number[], id: string): string {
  const { lanes, curves, plotTop, done } = panel;
  const bars = lanes.flatMap(({ bars }) => bars);
  const told = bars.length <= MOST_BARS_TOLD;
  const parts = [
    ...lanes.map(laneSvg),
    ...panel.outages.map((box) => rect("outage", box)),
    ...ticks.map((x) => vertical("grid", x, plotTop, curves.base)),
    ...bars.map((bar) => barSvg(bar, told ? hint(bar, panel.bodies) : "")),
    ...lanes.map(({ strip }) => stripSvg(strip, id)),
    curvesSvg(curves),
    ...panel.arrows.map(arrowSvg),
    ...lanes.flatMap(({ kills }) => kills).map((at) => cross("kill", at, 4.5, 2)),
    ...panel.lost.map((at) => cross("lost", at, 3.5, 2)),
    done === undefined ? "" : vertical("done", done.x, done.top, curves.base, "1 3"),
    panel.texts.map(textSvg).join(""),
  ];
  return `<g>\n${parts.filter((part) => part !== "").join("\n")}\n</g>`;
}

function laneSvg(lane: LaneLayout): string {
  return rect("away", lane) + lane.lives.map((life) => rect("lane", life)).join("");
}

function barSvg(bar: Bar, hint: string): string {
  const rounded = bar.width > 14 ? ' rx="2"' : "";
  if (bar.end === "done") return rect(`work${bar.shade}`, bar, rounded, hint);
  const inner = {
    ...{ x: bar.x + 0.5, width: Math.max(0.1, bar.width - 1) },
    ...{ y: bar.y + 0.5, height: bar.height - 1 },
  };
  return rect(bar.end === "failed" ? "failed" : "cut", inner, rounded, hint);
}

/** What a pointer on a bar is told. */
function hint({ tasks, workMs, end }: Bar, bodies: ReadonlyMap<number, string>): string {
  const [task] = tasks;
  if (task === undefined || tasks.length > 1) return "";
  const body = bodies.get(task) ?? "";
  const words = body === "" ? "" : ` “${shortened(body, "note", HINT_PX)}”`;
  return `task ${task}${words}: ${end} after ${timeText(workMs)}`;
}

function stripSvg(strip: readonly Strip[], id: string): string {
  const base = strip.at(-1)?.waitingY ?? 0;
  const waiting = stepsSvg(strip, () => base, ({ waitingY }) => waitingY);
  const kept = stepsSvg(strip, ({ waitingY }) => waitingY, ({ keptY }) => keptY);
  return (waiting && `<path fill="url(#${id}-waiting)" d="${waiting}"/>`) +
    (kept &&
      `<path class="wl-strip-line" fill="url(#${id}-kept)" stroke-width="0.7" d="${kept}"/>`);
}

/** What is between two levels, where they differ. */
function stepsSvg(
  strip: readonly Strip[],
  low: (step: Strip) => number,
  high: (step: Strip) => number,
): string {
  const draw = area<Strip>().x(({ x }) => tenth(x)).y0((step) => tenth(low(step)))
    .y1((step) => tenth(high(step))).curve(curveStepAfter);
  let run: Strip[] = [];
  let d = "";
  for (const step of strip) {
    const last = run.at(-1);
    if (high(step) < low(step)) run.push(step);
    else if (last !== undefined) {
      d += draw([...run, { ...last, x: step.x }]);
      run = [];
    }
  }
  return d;
}

function curvesSvg({ base, ready, unacked }: CurvesLayout): string {
  const path = (name: string, points: readonly Point[], width: number) => {
    const d = line<Point>().x(({ x }) => tenth(x)).y(({ y }) => tenth(y))
      .curve(curveStepAfter)(points);
    return `<path class="wl-${name} wl-line" stroke-width="${width}" d="${d}"/>`;
  };
  const [first, last] = [ready[0]!, ready.at(-1)!];
  return `<path class="wl-axis wl-line" d="M${px(first.x)} ${px(base)}H${px(last.x)}"/>` +
    path("unacked", unacked, 2) + path("ready", ready, 1.4);
}

function arrowSvg({ from, to, way, tasks }: Arrow): string {
  const width = tasks.length > 1 ? 2 : 1.4;
  const down = way === "over" || to.y > from.y;
  const [bend, head] = way === "along" ? [{ x: (to.x - from.x) / 2, y: 0 }, "l-5.5 -3.2v6.4z"] : [
    { x: 0, y: way === "over" ? -6 : (to.y - from.y) / 2 },
    `l-3.2 ${down ? -5.5 : 5.5}h6.4z`,
  ];
  const back = way === "over" ? { x: 0, y: -bend.y } : bend;
  const d = `M${px(from.x)} ${px(from.y)}C${px(from.x + bend.x)} ${px(from.y + bend.y)} ` +
    `${px(to.x - back.x)} ${px(to.y - back.y)} ${px(to.x)} ${px(to.y)}`;
  return `<path class="wl-halo wl-line" stroke-width="${width + 2.5}" d="${d}"/>` +
    `<path class="wl-arrow wl-line" stroke-width="${width}" d="${d}"/>` +
    `<path class="wl-head" d="M${px(to.x)} ${px(to.y)}${head}"/>`;
}

function cross(name: string, { x, y }: Point, arm: number, width: number): string {
  const d = `M${px(x - arm)} ${px(y - arm)}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${
    2 * arm
  }`;
  return `<path class="wl-halo wl-line" stroke-width="${width + 2}" d="${d}"/>` +
    `<path class="wl-${name} wl-line" stroke-width="${width}" d="${d}"/>`;
}

function rect(name: string, { x, y, width, height }: Box, more = "", hint = ""): string {
  const tag = `rect class="wl-${name}" x="${px(x)}" y="${px(y)}" width="${px(width)}"` +
    ` height="${px(height)}"${more}`;
  return hint === "" ? `<${tag}/>` : `<${tag}><title>${escapedXml(hint)}</title></rect>`;
}

function vertical(name: string, x: number, top: number, bottom: number, dashes?: string): string {
  const dashed = dashes === undefined ? "" : ` stroke-dasharray="${dashes}"`;
  return `<path class="wl-${name} wl-line"${dashed} d="M${px(x)} ${px(top)}V${px(bottom)}"/>`;
}

export function textSvg({ role, text, x, y, anchor }: Text): string {
  const at = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text class="wl-t-${role}" x="${px(x)}" y="${px(y)}"${at}>${escapedXml(text)}</text>`;
}

/** A coordinate or a length as an attribute tells it, to a tenth of a pixel. */
export function px(value: number): string {
  return `${tenth(value)}`;
}

/** A tenth of a pixel is enough. */
export function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

/** FNV-1a: short, and the same for the same picture. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return (value >>> 0).toString(36);
}
