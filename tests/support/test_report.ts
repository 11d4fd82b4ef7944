/** One test, or a step of one, as `deno test` reported it. */
export interface TestCase {
  readonly name: string;
  /** Relative to the project. */
  readonly file: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** What was thrown, where it failed. */
  readonly failure?: string;
}

/** Reads what `deno test --junit-path` wrote. */
export function testCases(junit: string): TestCase[] {
  return junit.split("<testcase ").slice(1).map((text) => {
    const test = {
      name: attribute(text, "name"),
      file: attribute(text, "classname").replace(/^\.\//, ""),
    };
    const [failure] = /<(failure|error)\b[^>]*>/.exec(text) ?? [];
    if (failure !== undefined) {
      return { ...test, outcome: "failed", failure: attribute(failure, "message") };
    }
    return { ...test, outcome: text.includes("<skipped") ? "skipped" : "passed" };
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};

function attribute(text: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? "";
  return value.replace(/&\w+;/g, (entity) => ENTITIES[entity] ?? entity);
}

/** What failed in several runs, and in how many: most often first. */
export function failureCounts(
  runs: readonly (readonly TestCase[])[],
): [test: string, count: number][] {
  const counts = new Map<string, number>();
  for (const cases of runs) {
    const failed = cases.filter(({ outcome }) => outcome === "failed");
    for (const test of new Set(failed.map(({ file, name }) => `${file}: ${name}`))) {
      counts.set(test, (counts.get(test) ?? 0) + 1);
    }
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}
