/** The lab's page in a real browser. */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { reportHtml } from "../../src/lab/report/report_html.ts";
import { NO_CHROMIUM, openInChromium } from "../support/chromium.ts";
import { wholeTest } from "../support/deadline.ts";
import { SAMPLE } from "../unit/lab/report/sample.ts";

const REPORT = reportHtml(SAMPLE, { version: "1.2.3", madeAt: new Date("2026-11-28T09:20:00Z") });
const SCREENSHOTS = new URL("../../dist/lab-screenshots/", import.meta.url);
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1440, height: 900 };
const THEMES = ["light", "dark"] as const;

/** In the page: what the control with the focus is called; null where there is none. */
const FOCUSED = `(() => {
  const { activeElement: at } = document;
  if (!at || at === document.body) return null;
  if (getComputedStyle(at).outlineStyle === "none") throw new Error("no focus: " + at.outerHTML);
  const label = at.parentElement.closest("label")?.firstChild.textContent;
  return (at.ariaLabel || label || at.textContent).trim();
})()`;

/** In the page: all values that a slider has at the frames of its animation. */
const WATCH = `(slider) => {
  globalThis.seen = [];
  const look = () => {
    seen.push(Number(slider.value));
    requestAnimationFrame(look);
  };
  look();
}`;

function browserTest(sentence: string, body: () => Promise<void>): void {
  Deno.test({
    name: NO_CHROMIUM ? `${sentence} (${NO_CHROMIUM})` : sentence,
    ignore: NO_CHROMIUM !== undefined,
    fn: () => wholeTest(sentence, body),
  });
}

for (const theme of THEMES) {
  for (const [device, viewport] of Object.entries({ PHONE, DESKTOP })) {
    browserTest(
      `${theme} at ${viewport.width} px: nothing overflows, nothing is fetched`,
      async () => {
        await using opened = await openInChromium(REPORT, { viewport, colorScheme: theme });
        const { page } = opened;
        const width = await page.evaluate("document.documentElement.scrollWidth");
        assert.equal(width, viewport.width);
        await Deno.mkdir(SCREENSHOTS, { recursive: true });
        const path = new URL(`${device.toLowerCase()}-${theme}.png`, SCREENSHOTS).pathname;
        await page.screenshot({ path, fullPage: true });
        for (const section of await page.locator(".replay").all()) {
          await section.locator("[data-do=forward]").press("End");
        }
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), viewport.width);
        assert.deepEqual(opened.complaints, []);
        assert.deepEqual(opened.requests, []);
      },
    );
  }

  browserTest(`${theme}: axe-core finds nothing`, async () => {
    for (const viewport of [PHONE, DESKTOP]) {
      await using opened = await openInChromium(REPORT, { viewport, colorScheme: theme });
      assert.deepEqual(await violations(opened.page), []);
      const [first] = await opened.page.locator(".replay").all();
      await first!.locator("input").press("End");
      assert.deepEqual(await violations(opened.page), []);
    }
  });
}

browserTest("all controls are reached and used with the keyboard alone", async () => {
  await using opened = await openInChromium(REPORT, {
    viewport: DESKTOP,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const { page } = opened;
  const reached: string[] = [];
  while (true) {
    await page.keyboard.press("Tab");
    const control = await page.evaluate<string | null>(FOCUSED);
    if (control === null) break;
    reached.push(control);
  }
  const ofReplay = ["Step back", "Play", "Step forward", "Time", "Speed"];
  const source = SAMPLE[0]!.source.title;
  assert.deepEqual(reached, [
    "To the experiments",
    "Dark theme",
    ...SAMPLE.map(({ title }) => title),
    ...SAMPLE.flatMap(({ variants }) => [
      source,
      ...ofReplay,
      ...variants.flatMap(({ name, commands }) =>
        commands.map((_, at) => `Copy ${name}, command ${at + 1}`)
      ),
    ]),
  ]);
});

browserTest("space and arrows work in the whole scrubber", async () => {
  await using opened = await openInChromium(REPORT, { viewport: DESKTOP });
  const replay = opened.page.locator(".replay").first();
  const clock = () => replay.locator(".clock").textContent();
  const slider = replay.getByLabel("Time");
  await slider.press("Home");
  assert.match(await clock() ?? "", /^0\.00 /);
  await slider.press("ArrowRight");
  assert.match(await clock() ?? "", /^0\.01 /);
  assert.match(await replay.locator(".log").first().innerText(), /^0\.01 s task 1 is sent\n/);
  await replay.getByRole("button", { name: "Step forward" }).press("ArrowLeft");
  assert.match(await clock() ?? "", /^0\.00 /);
  await slider.press("End");
  assert.equal(await replay.getByRole("list", { name: "done" }).first().locator("li").count(), 8);
  await stopClock(opened.page);
  await slider.press(" ");
  await replay.getByRole("button", { name: "Pause" }).press(" ");
  await replay.getByRole("button", { name: "Play" }).waitFor();
  assert.deepEqual(opened.complaints, []);
});

browserTest("a replay plays to its end, and from the beginning again", async () => {
  await using opened = await openInChromium(REPORT, { viewport: DESKTOP });
  const { page } = opened;
  const replay = page.locator(".replay").nth(1);
  await stopClock(page);
  for (let round = 1; round <= 2; round++) {
    await replay.getByRole("button", { name: "Play" }).click();
    await replay.getByRole("button", { name: "Pause" }).waitFor();
    await page.clock.runFor(60_000);
    await replay.getByRole("button", { name: "Play" }).waitFor();
    const slider = replay.getByLabel("Time");
    assert.equal(await slider.inputValue(), await slider.getAttribute("max"));
    const [manual, auto] = await replay.locator(".stage").all();
    assert.equal(await manual!.getByRole("list", { name: "done" }).locator("li").count(), 4);
    const lost = await auto!.getByRole("list", { name: "lost" }).locator("li").allTextContents();
    assert.deepEqual(lost, ["1", "3"]);
    await replay.getByRole("button", { name: "Step back" }).click();
    await slider.press("End");
  }
});

browserTest("a step is told to a screen reader, playing is not", async () => {
  await using opened = await openInChromium(REPORT, { viewport: DESKTOP });
  const replay = opened.page.locator(".replay").first();
  const told = opened.page.locator("#announcement");
  await replay.getByLabel("Speed").selectOption("5");
  await replay.getByRole("button", { name: "Play" }).click();
  await replay.getByRole("button", { name: "Play" }).waitFor();
  assert.equal(await told.textContent(), "");
  await replay.getByLabel("Time").press("Home");
  await replay.getByRole("button", { name: "Step forward" }).click();
  await told.filter({ hasText: "0.01 s. prefetch 0: task 1 is sent. prefetch 1: task 1 is sent" })
    .waitFor({ state: "attached" });
});

browserTest("who wants less motion sees one event after the other", async () => {
  await using opened = await openInChromium(REPORT, {
    viewport: DESKTOP,
    reducedMotion: "reduce",
  });
  const { page } = opened;
  const replay = page.locator(".replay").first();
  const eventTimes = await replay.locator("script").evaluate((script) => {
    const { variants } = JSON.parse(script.textContent!);
    return variants.flatMap(({ runs }: { runs: { moves: { atMs: number }[] }[] }) =>
      runs[0]!.moves.map(({ atMs }) => atMs)
    ) as number[];
  });
  const slider = replay.getByLabel("Time");
  const before = await slider.inputValue();
  await page.evaluate("new Promise(requestAnimationFrame)");
  assert.equal(await slider.inputValue(), before, "nothing plays by itself");
  await page.evaluate(`(${WATCH})(document.querySelector(".replay input"))`);
  await replay.getByLabel("Speed").selectOption("2");
  await replay.getByRole("button", { name: "Play" }).click();
  await replay.getByRole("button", { name: "Play" }).waitFor();
  const seen = await page.evaluate<number[]>("seen");
  for (const atMs of seen) assert.ok(eventTimes.includes(atMs), `${atMs}`);
  assert.equal(await page.evaluate("document.getAnimations().length"), 0);
  await slider.press("Home");
  await slider.press("ArrowRight");
  assert.match(await replay.locator(".clock").textContent() ?? "", /^0\.01 /);
});

browserTest("the theme is changed for the page, and remembered nowhere", async () => {
  await using opened = await openInChromium(REPORT, { viewport: DESKTOP, colorScheme: "dark" });
  const { page } = opened;
  const paper = () => page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  const dark = await paper();
  await page.getByRole("button", { name: "Light theme" }).click();
  const light = await paper();
  assert.notEqual(light, dark);
  assert.equal(await page.locator("html").getAttribute("data-theme"), "light");
  assert.deepEqual(await violations(page), []);
  await page.getByRole("button", { name: "Dark theme" }).click();
  assert.equal(await paper(), dark);
  await page.reload();
  assert.equal(await page.locator("html").getAttribute("data-theme"), null);
});

browserTest("a command is copied as it is", async () => {
  await using opened = await openInChromium(REPORT, {
    viewport: DESKTOP,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const { page } = opened;
  await page.getByRole("button", { name: "Copy prefetch 1, command 2" }).click();
  await page.locator("#announcement").filter({ hasText: "Copied" }).waitFor({ state: "attached" });
  assert.equal(
    await page.evaluate("navigator.clipboard.readText()"),
    SAMPLE[0]!.variants[1]!.commands[1],
  );
});

browserTest("on paper there is no scrubber, and all else is", async () => {
  await using opened = await openInChromium(REPORT, { viewport: DESKTOP, colorScheme: "dark" });
  const { page } = opened;
  await page.emulateMedia({ media: "print" });
  for (const hidden of [".replay", ".theme", ".copy"]) {
    assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
  }
  for (const shown of [".picture svg", "table", ".claim", ".outcome", ".commands code"]) {
    assert.equal(await page.locator(shown).first().isVisible(), true, shown);
  }
  assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
});

browserTest("without scripts there is all but the scrubber", async () => {
  await using opened = await openInChromium(REPORT, {
    viewport: DESKTOP,
    javaScriptEnabled: false,
  });
  const { page } = opened;
  for (const hidden of [".replay", ".theme", ".copy"]) {
    assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
  }
  assert.equal(await page.locator(".picture svg").first().isVisible(), true);
});

/** From here on the page's time goes on only where it is told to. */
async function stopClock(page: Page): Promise<void> {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
}

/** What axe-core finds, in words. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<axe.AxeResults>("axe.run()");
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
  );
}
