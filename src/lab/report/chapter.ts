import {
  type ExperimentReport,
  picturedRuns,
  type Table,
  type VariantReport,
} from "../experiment_report.ts";
import { chartSvg } from "../picture/chart_svg.ts";
import { figureOf } from "../picture/figure.ts";
import { pictureSvg } from "../picture/svg.ts";
import { type Content, Markup, markup } from "./markup.ts";
import { replayMarkup } from "./replay_markup.ts";
import { verdictMarkup } from "./verdict.ts";

/** A picture is drawn twice, for desks and for phones; the style sheet shows one. */
const WIDE_PX = 900;
const NARROW_PX = 360;

/** An experiment with its place on the page. */
export interface Chapter {
  readonly id: string;
  readonly report: ExperimentReport;
}

/** An experiment: what is said, what came of it, and by what that can be seen. */
export function chapterMarkup({ id, report }: Chapter): Markup {
  const { name, title, claim, source, question, broker, verdict, because, tables } = report;
  return markup`
<article id="${id}" aria-labelledby="${id}-title">
  <header>
    <p class="kicker"><code>${name}</code> <span>${broker}</span></p>
    <h2 id="${id}-title">${title}</h2>
  </header>
  <div class="opening">
    <blockquote class="claim">
      <p>${claim}</p>
      <footer>After ${linkMarkup(source)}</footer>
    </blockquote>
    <p class="question">${question}</p>
    <p class="outcome">${verdictMarkup(verdict)} ${because}</p>
  </div>
  ${pictureMarkup(id, report)}
  ${chartsMarkup(id, report)}
  ${replayMarkup(title, report.variants)}
  ${numbersMarkup(id, tables)}
  ${commandsMarkup(report.variants)}
</article>`;
}

/** A link where the address is the web's; a recording may name any. */
function linkMarkup({ title, url }: ExperimentReport["source"]): Markup {
  return /^https?:\/\//.test(url)
    ? markup`<a href="${url}" rel="noreferrer">${title}</a>`
    : markup`${title}`;
}

/** The tables are what it is for those who do not see it. */
function pictureMarkup(id: string, report: ExperimentReport): Markup | undefined {
  const { title, because, tables, variants } = report;
  const recordings = picturedRuns(report);
  if (recordings.length === 0) return undefined;
  const runs = Math.max(...variants.map(({ recordings }) => recordings.length));
  const which = runs > 1 ? ` in the first of ${runs} runs` : "";
  const tableIds = tables.map((_, at) => tableId(id, at)).join(" ");
  const described = tableIds !== "" && markup` aria-describedby="${tableIds}"`;
  const figure = figureOf(recordings);
  const drawn = (width: number) =>
    new Markup(pictureSvg(figure, { title, description: because, width }));
  return markup`
<figure class="picture"${described}>
  <div class="wide">${drawn(WIDE_PX)}</div>
  <div class="narrow">${drawn(NARROW_PX)}</div>
  <figcaption>Drawn from what happened${which}; all variants have one time axis.</figcaption>
</figure>`;
}

/** Curves, with the tables of their numbers as what they are for those who do not see them. */
function chartsMarkup(id: string, { charts = [], tables, because }: ExperimentReport) {
  const tableIds = tables.map((_, at) => tableId(id, at)).join(" ");
  return charts.map((chart) => {
    const { title } = chart;
    const drawn = (width: number) =>
      new Markup(chartSvg(chart, { title, description: because, width }));
    return markup`
<figure class="picture" aria-describedby="${tableIds}">
  <div class="wide">${drawn(WIDE_PX)}</div>
  <div class="narrow">${drawn(NARROW_PX)}</div>
</figure>`;
  });
}

function tableId(id: string, at: number): string {
  return `${id}-table-${at + 1}`;
}

function numbersMarkup(id: string, tables: readonly Table[]): Markup | undefined {
  if (tables.length === 0) return undefined;
  return markup`
<section class="numbers">
  <h3>The numbers</h3>
  ${tables.map((table, at) => tableMarkup(table, tableId(id, at)))}
</section>`;
}

function tableMarkup({ title, columns, rows, note }: Table, id: string): Markup {
  const numeric = columns.map((_, at) => at > 0 && rows.every((row) => isNumeric(row[at] ?? "")));
  const kind = (at: number) => numeric[at] && markup` class="number"`;
  const head = columns.map((column, at) =>
    column === "" ? markup`<td></td>` : markup`<th scope="col"${kind(at)}>${column}</th>`
  );
  const body = rows.map((row) => {
    const [name = "", ...cells] = row;
    const numbers = cells.map((cell, at) => markup`<td${kind(at + 1)}>${cell}</td>`);
    return markup`
      <tr><th scope="row">${name}</th>${numbers}</tr>`;
  });
  return markup`
<div class="scroller" data-label="Table: ${title}">
  <table id="${id}">
    <caption>${title}</caption>
    <thead><tr>${head}</tr></thead>
    <tbody>${body}
    </tbody>
  </table>
</div>
${note ? markup`<p class="note">${note}</p>` : undefined}`;
}

/** "1.24 s", "–", "12 of 14" and "1.02 [0.98–1.10]" line up at their right. */
function isNumeric(cell: string): boolean {
  return /^([-–—+±≤≥<>~]?\d|[-–—]?$)/.test(cell);
}

/** More commands than this are shown to those who ask for them. */
const MOST_COMMANDS = 12;

function commandsMarkup(variants: readonly VariantReport[]): Markup | undefined {
  const shown = variants.filter(({ commands }) => commands.length > 0);
  if (shown.length === 0) return undefined;
  const count = shown.flatMap(({ commands }) => commands).length;
  const list = markup`<div class="variants">${shown.map(variantMarkup)}
  </div>`;
  return markup`
<section class="commands">
  <h3>Try it yourself</h3>
  ${
    count > MOST_COMMANDS
      ? markup`<details><summary>${count} commands</summary>${list}</details>`
      : list
  }
</section>`;
}

function variantMarkup({ name, commands }: VariantReport): Markup {
  const items = commands.map((command, at) => {
    const label = `Copy ${name}, command ${at + 1}`;
    return markup`
        <li><code>${wordsMarkup(command)}</code>
          <button type="button" class="copy" aria-label="${label}" hidden>Copy</button></li>`;
  });
  return markup`
    <section>
      <h4>${name}</h4>
      <ul>${items}
      </ul>
    </section>`;
}

/** Lines break between words; a browser would break flags at their hyphens. */
function wordsMarkup(command: string): Content {
  return command.split(/( +)/).map((part, at) => at % 2 === 0 ? markup`<i>${part}</i>` : part);
}
