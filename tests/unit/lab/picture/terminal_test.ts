/** Pictures for the terminal: one is looked at letter by letter, all keep to their room. */
import assert from "node:assert/strict";
import fc from "fast-check";
import stringWidth from "string-width";
import { figureOf } from "../../../../src/lab/picture/figure.ts";
import { terminalPicture } from "../../../../src/lab/picture/terminal.ts";
import { parseRecordings } from "../../../../src/lab/recording.ts";
import { holds } from "../../../support/property.ts";

const FAIR = figureOf(parseRecordings(
  await Deno.readTextFile(new URL("../recordings/fair_dispatch.ndjson", import.meta.url)),
));
const KILLED = figureOf(parseRecordings(
  await Deno.readTextFile(new URL("../recordings/killed.ndjson", import.meta.url)),
));
const NEVER = figureOf(parseRecordings(
  await Deno.readTextFile(new URL("recordings/never_acked.ndjson", import.meta.url)),
));

const FAIR_PICTURE = `
prefetch 0  the last task is done after 1.00 s
C1      1███████████████████████████3██████████████████████████
        1░░░░░░░░░░░░░░░░░░░░░░░░░░░
C2      2█████4████
        1░░░░░
ready
unacked 4█████▆▆▆▆▆▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂
        0s         0.2s       0.4s       0.6s       0.8s

prefetch 1  the last task is done after 0.60 s
C1      1███████████████████████████4████
C2      2█████3██████████████████████████
ready   2▄▄▄▄▄▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂
unacked 2▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄
        0s         0.2s       0.4s       0.6s       0.8s
`;

Deno.test("terminal picture: fair dispatch in 64 columns", () => {
  const lines = terminalPicture(FAIR, { columns: 64, colour: false });
  const trimmed = lines.map((line) => line.trimEnd());
  assert.equal(`\n${trimmed.join("\n")}`, FAIR_PICTURE);
});

Deno.test("terminal picture: a worker that is killed, a task that comes again, one that is lost", () => {
  const text = terminalPicture(KILLED, { columns: 80, colour: false }).join("\n");
  assert.match(text, /^C1 +1█+✗$/m);
  assert.match(text, /^C2 .*↻1█+/m);
  assert.match(text, /lost: 3/);
});

Deno.test("terminal picture: what is done and not acknowledged is drawn until its worker goes", () => {
  const text = terminalPicture(NEVER, { columns: 80, colour: false }).join("\n");
  assert.match(text, /^ +1┄+2┄/m);
  assert.doesNotMatch(terminalPicture(FAIR, { columns: 80, colour: false }).join("\n"), /┄/);
});

Deno.test("terminal picture: at 40 columns a heading has all its words", () => {
  const lines = terminalPicture(KILLED, { columns: 40, colour: false });
  const heading = lines.slice(0, lines.findIndex((line) => line.startsWith("C1"))).join(" ");
  const [{ title, lastDoneMs }] = KILLED.panels as [typeof KILLED.panels[number]];
  const after = `the last task is done after ${(lastDoneMs! / 1_000).toFixed(2)} s`;
  assert.equal(heading, `${title} ${after} lost: 3`);
});

Deno.test("terminal picture: no line is wider than asked for, with colours or without", () => {
  holds(fc.property(
    fc.constantFrom(FAIR, KILLED),
    fc.integer({ min: 40, max: 200 }),
    fc.boolean(),
    (figure, columns, colour) => {
      for (const line of terminalPicture(figure, { columns, colour })) {
        assert.ok(stringWidth(line) <= columns, `${stringWidth(line)} > ${columns}: ${line}`);
      }
    },
  ));
});

Deno.test("terminal picture: colours change nothing but the colours", () => {
  for (const figure of [FAIR, KILLED]) {
    const [plain, coloured] = [false, true].map((colour) =>
      terminalPicture(figure, { columns: 80, colour })
    );
    // deno-lint-ignore no-control-regex -- colours are control sequences
    const without = coloured!.map((line) => line.replaceAll(/\x1b\[\d+m/g, ""));
    assert.deepEqual(without.map((line) => line.trimEnd()), plain!.map((line) => line.trimEnd()));
    assert.ok(coloured!.some((line) => line.includes("\x1b[")));
  }
});
