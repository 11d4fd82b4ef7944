/**
 * The colours of a picture. Blue, amber and red are told apart by the colour-blind too, and what
 * differs in colour differs in shape or place; text has a contrast of 4.5 or more on what it
 * stands on.
 */
export interface Theme {
  readonly background: string;
  readonly lane: string;
  readonly away: string;
  readonly grid: string;
  readonly axis: string;
  readonly ink: string;
  readonly quiet: string;
  /** Work, from the lightest to the heaviest. */
  readonly shades: readonly [string, string, string, string, string];
  readonly onLight: string;
  readonly onHeavy: string;
  /** Work that came to nothing. */
  readonly cut: string;
  readonly cutLine: string;
  readonly waiting: string;
  readonly waitingText: string;
  readonly ready: string;
  readonly lost: string;
  readonly outage: string;
}

export const LIGHT: Theme = {
  background: "#ffffff",
  lane: "#f1f4f8",
  away: "#f9fafb",
  grid: "#e6eaf0",
  axis: "#b4bdc9",
  ink: "#1a202c",
  quiet: "#4a5568",
  shades: ["#b3d2f0", "#86b7e6", "#5b9ad6", "#2c72b8", "#1b4f8f"],
  onLight: "#12202f",
  onHeavy: "#ffffff",
  cut: "#e4eef8",
  cutLine: "#2c72b8",
  waiting: "#d08f1f",
  waitingText: "#875503",
  ready: "#667488",
  lost: "#b91c1c",
  outage: "#dde2ea",
};

export const DARK: Theme = {
  background: "#14181f",
  lane: "#1f2630",
  away: "#181d25",
  grid: "#29313d",
  axis: "#566274",
  ink: "#edf1f6",
  quiet: "#aab5c4",
  shades: ["#26445f", "#2b5a86", "#366fa6", "#5d9fdb", "#86c0f4"],
  onLight: "#ffffff",
  onHeavy: "#0c1a29",
  cut: "#1d2f42",
  cutLine: "#6caee8",
  waiting: "#d99a2b",
  waitingText: "#e9b75c",
  ready: "#97a5b8",
  lost: "#ff8a80",
  outage: "#353d4a",
};

/** Which class has which property in which colour. */
const PAINT: readonly (readonly [string, "fill" | "stroke", (theme: Theme) => string])[] = [
  ["bg", "fill", (theme) => theme.background],
  ["halo", "stroke", (theme) => theme.background],
  ["t-lost", "stroke", (theme) => theme.background],
  ["t-note", "stroke", (theme) => theme.background],
  ["lane", "fill", (theme) => theme.lane],
  ["away", "fill", (theme) => theme.away],
  ["grid", "stroke", (theme) => theme.grid],
  ["axis", "stroke", (theme) => theme.axis],
  ["outage", "fill", (theme) => theme.outage],
  ["work1", "fill", (theme) => theme.shades[0]],
  ["work2", "fill", (theme) => theme.shades[1]],
  ["work3", "fill", (theme) => theme.shades[2]],
  ["work4", "fill", (theme) => theme.shades[3]],
  ["work5", "fill", (theme) => theme.shades[4]],
  ["cut", "fill", (theme) => theme.cut],
  ["cut", "stroke", (theme) => theme.cutLine],
  ["failed", "fill", (theme) => theme.cut],
  ["failed", "stroke", (theme) => theme.lost],
  ["hatch", "stroke", (theme) => theme.waiting],
  ["kept-hatch", "stroke", (theme) => theme.waiting],
  ["strip-line", "stroke", (theme) => theme.waiting],
  ["unacked", "stroke", (theme) => theme.waiting],
  ["ready", "stroke", (theme) => theme.ready],
  ["series1", "stroke", (theme) => theme.shades[3]],
  ["series2", "stroke", (theme) => theme.waiting],
  ["series3", "stroke", (theme) => theme.lost],
  ["series4", "stroke", (theme) => theme.ready],
  ["arrow", "stroke", (theme) => theme.ink],
  ["head", "fill", (theme) => theme.ink],
  ["kill", "stroke", (theme) => theme.ink],
  ["done", "stroke", (theme) => theme.ink],
  ["lost", "stroke", (theme) => theme.lost],
  ["t-title", "fill", (theme) => theme.ink],
  ["t-command", "fill", (theme) => theme.quiet],
  ["t-name", "fill", (theme) => theme.ink],
  ["t-note", "fill", (theme) => theme.ink],
  ["t-tick", "fill", (theme) => theme.quiet],
  ["t-waiting", "fill", (theme) => theme.waitingText],
  ["t-kept", "fill", (theme) => theme.waitingText],
  ["t-unacked", "fill", (theme) => theme.waitingText],
  ["t-ready", "fill", (theme) => theme.quiet],
  ["t-lost", "fill", (theme) => theme.lost],
  ["t-on-light", "fill", (theme) => theme.onLight],
  ["t-on-heavy", "fill", (theme) => theme.onHeavy],
  ["t-on-cut", "fill", (theme) => theme.ink],
];

const SANS = "ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,sans-serif";
const MONO = "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace";

const SHAPES = [
  `.wl-picture text{font:11px ${SANS};stroke:none;pointer-events:none}`,
  ".wl-picture .wl-t-title{font-size:14px;font-weight:600}",
  `.wl-picture .wl-t-command{font-family:${MONO}}`,
  ".wl-picture .wl-t-name,.wl-picture .wl-t-lost{font-weight:600}",
  ".wl-picture .wl-t-tick{font-variant-numeric:tabular-nums}",
  // Words in a lane may stand where a line passes.
  ".wl-picture .wl-t-lost,.wl-picture .wl-t-note{paint-order:stroke;stroke-width:3px;" +
  "stroke-linejoin:round}",
  ".wl-picture .wl-line{fill:none;stroke-linejoin:round;stroke-linecap:round}",
  ".wl-picture .wl-cut,.wl-picture .wl-failed{stroke-dasharray:3 2}",
].join("");

/**
 * The picture's style sheet: the reader's theme, or that of the nearest `data-theme` around it. The
 * colours stand in each rule, because not all that shows SVG files knows custom properties.
 */
export function styleSheet(): string {
  return [
    SHAPES,
    rules(LIGHT, ""),
    `@media (prefers-color-scheme:dark){${rules(DARK, "")}}`,
    rules(LIGHT, "[data-theme=light] "),
    rules(DARK, "[data-theme=dark] "),
  ].join("\n");
}

function rules(theme: Theme, ancestor: string): string {
  const classes = new Map<string, string[]>();
  for (const [name, property, colour] of PAINT) {
    const declaration = `${property}:${colour(theme)}`;
    const selector = `${ancestor}.wl-picture .wl-${name}`;
    classes.set(declaration, [...classes.get(declaration) ?? [], selector]);
  }
  return [...classes].map(([declaration, selectors]) => `${selectors.join(",")}{${declaration}}`)
    .join("");
}
