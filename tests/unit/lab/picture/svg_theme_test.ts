import assert from "node:assert/strict";
import { DARK, LIGHT, styleSheet, type Theme } from "../../../../src/lab/picture/svg_theme.ts";

/** WCAG 2.2, 1.4.3 Contrast (Minimum). */
const LEAST = 4.5;

/** What is written in a colour, and on what it may stand. */
const TEXTS: readonly (readonly [keyof Theme, (theme: Theme) => readonly string[]])[] = [
  ["ink", ({ background, lane, away, outage, cut }) => [background, lane, away, outage, cut]],
  ["quiet", ({ background }) => [background]],
  ["waitingText", ({ background }) => [background]],
  ["lost", ({ background, lane, away, outage }) => [background, lane, away, outage]],
  ["onLight", ({ shades }) => shades.slice(0, 3)],
  ["onHeavy", ({ shades }) => shades.slice(3)],
];

for (const [name, theme] of Object.entries({ LIGHT, DARK })) {
  Deno.test(`text can be read in the ${name.toLowerCase()} theme`, () => {
    for (const [text, grounds] of TEXTS) {
      for (const ground of grounds(theme)) {
        const ratio = contrast(theme[text] as string, ground);
        assert.ok(ratio >= LEAST, `${text} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
  });
}

Deno.test("heavier work stands out more from its lane", () => {
  for (const { shades, lane } of [LIGHT, DARK]) {
    const ratios = shades.map((shade) => contrast(shade, lane));
    assert.deepEqual(ratios, ratios.toSorted((a, b) => a - b));
    assert.ok(ratios[0]! >= 1.3);
  }
});

Deno.test("a style reaches nothing outside of pictures", () => {
  const selectors = [...styleSheet().matchAll(/(?:^|[{}])([^{}@]+)\{/g)].flatMap(([, list]) =>
    list!.split(",")
  );
  assert.ok(selectors.length > 50);
  for (const selector of selectors) {
    assert.match(selector.trim(), /^(\[data-theme=(light|dark)\] )?\.wl-picture /);
  }
});

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].toSorted((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
