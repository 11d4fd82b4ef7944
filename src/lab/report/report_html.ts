import { createHash } from "node:crypto";
import type { ExperimentReport } from "../experiment_report.ts";
import { type Chapter, chapterMarkup } from "./chapter.ts";
import { Markup, markup } from "./markup.ts";
import pageScript from "./page/page.js" with { type: "text" };
import replayScript from "./page/replay.js" with { type: "text" };
import stageScript from "./page/stage.js" with { type: "text" };
import baseStyle from "./page/base.css" with { type: "text" };
import chapterStyle from "./page/chapter.css" with { type: "text" };
import controlsStyle from "./page/controls.css" with { type: "text" };
import printStyle from "./page/print.css" with { type: "text" };
import stageStyle from "./page/stage.css" with { type: "text" };
import taskStyle from "./page/task.css" with { type: "text" };
import { verdictMarkup } from "./verdict.ts";

export interface ReportOptions {
  /** Of worktool. */
  readonly version: string;
  readonly madeAt: Date;
}

/** The modules of the page as one: what one imports stands before it. */
const SCRIPT = [stageScript, replayScript, pageScript].join("\n")
  .replace(/^import .*;$/gm, "")
  .replace(/^export /gm, "");
/** The style for paper comes last, over all others. */
const STYLE = [baseStyle, chapterStyle, controlsStyle, stageStyle, taskStyle, printStyle].join(
  "\n",
);

/**
 * Nothing is fetched and no script runs but ours, whatever a recording has in it. The pictures
 * style themselves.
 */
const POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${createHash("sha256").update(SCRIPT).digest("base64")}'`,
  "style-src 'unsafe-inline'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Three lanes; without an icon of its own a browser asks the page's server for one. */
const ICON = `data:image/svg+xml,${
  encodeURIComponent(
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>" +
      "<path d='M1 4h9M5 8h10M1 12h6' stroke='#2b6cb0' stroke-width='3'/></svg>",
  )
}`;

const HEADING = "The tutorial, put to the test";

/** The experiments as one page that needs nothing else: no network, no other file. */
export function reportHtml(
  reports: readonly ExperimentReport[],
  { version, madeAt }: ReportOptions,
): string {
  const chapters = chaptersOf(reports);
  const made = madeAt.toISOString();
  const minute = made.slice(0, 16).replace("T", " ");
  const title = reports.length === 1 ? reports[0]!.title : HEADING;
  const page = markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="worktool ${version}">
<title>${title} · worktool lab</title>
<link rel="icon" href="${ICON}">
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">To the experiments</a>
<header class="top">
  <p class="kicker">worktool lab</p>
  <button type="button" class="theme" hidden>Dark theme</button>
  <h1>${HEADING}</h1>
  <p class="lead">${leadOf(reports)}</p>
</header>
${reports.length > 1 && contentsMarkup(chapters)}
<main id="content" tabindex="-1">${chapters.map(chapterMarkup)}
</main>
<footer>
  <p>Made by worktool ${version}, <time datetime="${made}">${minute} UTC</time>. All pictures and
    numbers are computed from what was recorded while the commands ran.</p>
</footer>
<p class="unseen" role="status" id="announcement"></p>
<script type="module">${new Markup(SCRIPT)}</script>
</body>
</html>
`;
  return page.toString();
}

/** Each with an id of its own, its name where that can be one. */
function chaptersOf(reports: readonly ExperimentReport[]): Chapter[] {
  const taken = new Set<string>(["content", "announcement"]);
  return reports.map((report, at) => {
    const ownName = /^[a-z][a-z0-9-]*$/.test(report.name) && !taken.has(report.name);
    const id = ownName ? report.name : `experiment-${at + 1}`;
    taken.add(id);
    return { id, report };
  });
}

/** What was done here, and what came of it, in two sentences. */
function leadOf(reports: readonly ExperimentReport[]): string {
  const brokers = [...new Set(reports.map(({ broker }) => broker))].join(" and ");
  const broker = `tried with real commands on ${brokers}.`;
  if (reports.length === 1) return `One claim of RabbitMQ’s tutorial about work queues, ${broker}`;
  const verdicts = [...new Set(reports.map(({ verdict }) => verdict))];
  const outcome = verdicts.map((verdict) =>
    `${reports.filter((report) => report.verdict === verdict).length} ${verdict}`
  ).join(", ");
  return `What RabbitMQ’s tutorial says about work queues, ${broker} ` +
    `Of ${reports.length} claims: ${outcome}.`;
}

function contentsMarkup(chapters: readonly Chapter[]): Markup {
  const items = chapters.map(({ id, report: { title, verdict } }) =>
    markup`
    <li><a href="#${id}">${title}</a> ${verdictMarkup(verdict)}</li>`
  );
  return markup`
<nav class="contents" aria-labelledby="contents-title">
  <h2 id="contents-title">Contents</h2>
  <ol>${items}
  </ol>
</nav>`;
}
