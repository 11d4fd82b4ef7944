import { escapedXml } from "../../lab/picture/escaped_xml.ts";
import type { Verdict } from "../../smoke/verdict.ts";

const NAME_COLUMNS = 16;

/** One line of a check for a person. */
export function verdictLine({ name, ok, said }: Verdict): string {
  return ` [${ok ? "x" : "!"}] ${name.padEnd(NAME_COLUMNS)} ${said}`;
}

/** The last line. */
export function summaryLine(verdicts: readonly Verdict[]): string {
  const failed = verdicts.filter(({ ok }) => !ok).map(({ name }) => name);
  return failed.length === 0 ? " [x] Passed" : ` [!] Failed: ${failed.join(", ")}`;
}

/**
 * The Test Anything Protocol, version 13
 * (https://testanything.org/tap-version-13-specification.html).
 */
export function tap(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ name, ok, said }, n) =>
    `${ok ? "ok" : "not ok"} ${n + 1} - ${name}: ${said.replaceAll("#", "\\#")}`
  );
  return ["TAP version 13", `1..${verdicts.length}`, ...lines, ""].join("\n");
}

/**
 * A report as JUnit's runners write it and CI servers read it.
 *
 * @param suite what was checked
 * @param error why it ended early, where it did
 */
export function junit(
  suite: string,
  verdicts: readonly Verdict[],
  { elapsedMs, error }: { readonly elapsedMs: number; readonly error: string | undefined },
): string {
  const failures = verdicts.filter(({ ok }) => !ok).length;
  const errors = error === undefined ? 0 : 1;
  const seconds = (elapsedMs / 1_000).toFixed(3);
  const cases = verdicts.map(({ name, ok, said }) => {
    const head = `<testcase classname="worktool check" name="${escapedXml(name)}"`;
    return ok
      ? `${head}><system-out>${escapedXml(said)}</system-out></testcase>`
      : `${head}><failure message="${escapedXml(said)}"/></testcase>`;
  });
  if (error !== undefined) {
    cases.push(
      `<testcase classname="worktool check" name="cycle"><error message="${
        escapedXml(error)
      }"/></testcase>`,
    );
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="${escapedXml(suite)}" tests="${cases.length}" failures="${failures}" ` +
    `errors="${errors}" time="${seconds}">`,
    ...cases.map((one) => `  ${one}`),
    "</testsuite>",
    "",
  ].join("\n");
}
