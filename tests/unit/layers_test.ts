/** Imports go down only; this is what keeps the layers of CONTRIBUTING.md true. */
import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);

/** What each folder of src/ may import besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  cli: ["send", "work", "dead_letters", "retry", "broker", "amqp"],
  send: ["amqp"],
  work: ["retry", "amqp"],
  dead_letters: ["retry", "amqp"],
  retry: ["amqp"],
  amqp: [],
  broker: [],
};

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
  }[];
}

Deno.test("imports go down only, and only src/amqp knows the client library", async () => {
  const violations: string[] = [];
  for (const { specifier, dependencies = [] } of await modules()) {
    const file = specifier.replace(ROOT.href, "");
    const [, folder] = /^src\/([^/]+)\//.exec(file) ?? [];
    if (!folder) continue;
    for (const dependency of dependencies) {
      const target = dependency.code?.specifier ?? dependency.type?.specifier ?? "";
      if (dependency.specifier === "amqplib" && folder !== "amqp") {
        violations.push(`${file} imports amqplib`);
      }
      const [, other] = /^src\/([^/]+)\//.exec(target.replace(ROOT.href, "")) ?? [];
      if (other && other !== folder && !ALLOWED[folder]?.includes(other)) {
        violations.push(`${file} imports src/${other}`);
      }
    }
  }
  assert.deepEqual(violations, []);
});

Deno.test("main.ts takes no package that only tests need", async () => {
  const packages = (await modules()).flatMap(({ specifier }) => {
    return /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(specifier)?.[1] ?? [];
  });
  assert.deepEqual([...new Set(packages)].toSorted(), [
    "@commander-js/extra-typings",
    "amqplib",
    "get-east-asian-width",
    "prom-client",
  ]);
});

async function modules(): Promise<readonly Module[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL("main.ts", ROOT).pathname],
    cwd: ROOT.pathname,
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  assert.ok(
    modules.some(({ specifier }) => specifier.includes("/src/amqp/")),
    "deno info lists src/",
  );
  return modules;
}
