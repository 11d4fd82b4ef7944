import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { ExperimentReport } from "../../../../src/lab/experiment_report.ts";
import type { LabEvent } from "../../../../src/lab/recording.ts";
import { reportHtml } from "../../../../src/lab/report/report_html.ts";
import { holds } from "../../../support/property.ts";
import { hostileText } from "./hostile_text.ts";
import { FAIR_DISPATCH, SAMPLE } from "./sample.ts";

const OPTIONS = { version: "1.2.3", madeAt: new Date("2026-11-28T09:20:00Z") };

Deno.test("whatever is recorded, the page has the markup that it has for plain words", async () => {
  const plain = reportHtml([withText("plain")], OPTIONS);
  assert.ok(tagsOf(withoutPictures(plain)).length > 100);
  const known = new Set(tagsOf(plain));
  await holds(fc.property(hostileText(), (text) => {
    const page = reportHtml([withText(text)], OPTIONS);
    assert.deepEqual(tagsOf(withoutPictures(page)), tagsOf(withoutPictures(plain)));
    // How much of a text there is room for changes a picture, and no more than that.
    assert.deepEqual(new Set(tagsOf(page)).difference(known), new Set());
  }));
});

Deno.test("a script in the page is ours or JSON", async () => {
  await holds(fc.property(hostileText(), (text) => {
    const page = reportHtml([withText(text)], OPTIONS);
    const scripts = [...page.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)];
    assert.deepEqual(scripts.map(([, attributes]) => attributes), [
      ' type="application/json"',
      ' type="module"',
    ]);
    JSON.parse(scripts[0]![2]!);
    const hash = createHash("sha256").update(scripts[1]![2]!).digest("base64");
    assert.ok(page.includes(`script-src &#39;sha256-${hash}&#39;`));
  }));
});

Deno.test("only addresses of the web become links", () => {
  const urls = ["javascript:alert(1)", "data:text/html,x", "//x", "file:///etc/passwd"];
  for (const url of urls) {
    const page = reportHtml([{ ...FAIR_DISPATCH, source: { title: "source", url } }], OPTIONS);
    assert.ok(!page.includes(url), url);
  }
  assert.ok(reportHtml([FAIR_DISPATCH], OPTIONS).includes(`href="${FAIR_DISPATCH.source.url}"`));
});

Deno.test("the page fetches nothing: no address in it but the sources'", () => {
  const page = reportHtml(SAMPLE, OPTIONS).replace(/<script type="module">[^]*?<\/script>/, "");
  const addresses = [...page.matchAll(/(?:src|href|action|url)\s*[=(]\s*["']?([^"'\s>)]*)/gi)]
    .map(([, address]) => address!)
    .filter((address) => !/^(#|data:|$)/.test(address));
  assert.deepEqual([...new Set(addresses)], [FAIR_DISPATCH.source.url]);
});

Deno.test("every id is there once, and every reference leads to one", () => {
  const again = SAMPLE.map((report) => ({ ...report, title: `${report.title}, again` }));
  const page = reportHtml([...SAMPLE, ...again], OPTIONS);
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id!);
  assert.deepEqual(ids.toSorted(), [...new Set(ids)].toSorted());
  const references = [...page.matchAll(/ (?:aria-\w+by|href)="(#?[^"]*)"/g)]
    .flatMap(([, names]) => names!.split(" "))
    .filter((name) => !/^(https?|data):/.test(name));
  assert.ok(references.length > 10);
  for (const name of references) assert.ok(ids.includes(name.replace("#", "")), name);
});

Deno.test("the numbers of the tables are the pictures' text alternative", () => {
  const page = reportHtml([FAIR_DISPATCH], OPTIONS);
  assert.match(page, /<figure class="picture" aria-describedby="fair-dispatch-table-1">/);
  assert.match(page, /<table id="fair-dispatch-table-1">/);
});

Deno.test("without recordings there is neither a picture nor a replay", () => {
  const variants = FAIR_DISPATCH.variants.map((variant) => ({ ...variant, recordings: [] }));
  const page = reportHtml([{ ...FAIR_DISPATCH, variants }], OPTIONS);
  assert.doesNotMatch(page, /<figure|class="replay"/);
  assert.match(page, /<i>worktool<\/i> <i>send<\/i>/);
});

Deno.test("many commands are folded up, few are not", () => {
  const variants = FAIR_DISPATCH.variants.flatMap((variant) => [variant, variant, variant]);
  assert.match(
    reportHtml([{ ...FAIR_DISPATCH, variants }], OPTIONS),
    /<details><summary>18 commands<\/summary>/,
  );
  assert.doesNotMatch(reportHtml([FAIR_DISPATCH], OPTIONS), /<details>/);
});

Deno.test("a run can be chosen where there are several", () => {
  const variants = FAIR_DISPATCH.variants.map((variant) => ({
    ...variant,
    recordings: [...variant.recordings, ...variant.recordings],
  }));
  assert.match(reportHtml([{ ...FAIR_DISPATCH, variants }], OPTIONS), /<option value="1">2 of 2/);
  assert.doesNotMatch(reportHtml([FAIR_DISPATCH], OPTIONS), /data-set="run"/);
});

Deno.test("the page says what of it is as the tutorial says", () => {
  const page = reportHtml(SAMPLE, OPTIONS);
  assert.match(page, /Of 2 claims: 1 as the tutorial says, 1 not shown\./);
});

/** The sample's experiment, all its words replaced. */
function withText(text: string): ExperimentReport {
  return {
    ...FAIR_DISPATCH,
    name: text,
    title: text,
    claim: text,
    source: { title: text, url: `https://example.org/${text}` },
    question: text,
    broker: text,
    because: text,
    variants: FAIR_DISPATCH.variants.map((variant) => ({
      name: text,
      // Each word of a command has an element.
      commands: variant.commands.map(() => text.replaceAll(" ", "_")),
      recordings: variant.recordings.map((recording) => ({
        ...recording,
        experiment: text,
        variant: text,
        broker: text,
        commands: recording.commands.map(() => text),
        workers: recording.workers.map((worker) => worker + text),
        tasks: recording.tasks.map(({ task }) => ({ task, body: text })),
        events: recording.events.map((event) => ({
          ...event,
          ...event.worker === undefined ? {} : { worker: event.worker + text },
          ..."task" in event ? { reason: text } : {},
        } as LabEvent)),
      })),
    })),
    tables: FAIR_DISPATCH.tables.map(({ columns, rows }) => ({
      title: text,
      // Numbers are set otherwise than words, and an empty heading is none.
      columns: columns.map(() => `: ${text}`),
      rows: rows.map((row) => row.map(() => `: ${text}`)),
      note: `: ${text}`,
    })),
  };
}

function withoutPictures(page: string): string {
  return page.replace(/<svg [^>]*class="wl-picture"[^]*?<\/svg>/g, "");
}

/** What a parser would take for tags, outside of our own script and style. */
function tagsOf(page: string): string[] {
  const body = page.replace(/<style>[^]*?<\/style>/g, "").replace(
    /<script type="module">[^]*$/,
    "",
  );
  return [...body.matchAll(/<[!/a-z][^\s>]*/gi)].map(([tag]) => tag);
}
