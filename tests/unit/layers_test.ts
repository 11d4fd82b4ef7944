/**
 * CONTRIBUTING.md says what the parts of src may import and which ways data take: the imports are
 * so, and the ways lead over files that exist.
 */
import assert from "node:assert/strict";
import { sourcesBelow } from "../support/source_files.ts";

const ROOT = new URL("../../", import.meta.url);
const CONTRIBUTING = await Deno.readTextFile(new URL("CONTRIBUTING.md", ROOT));

/** What each folder of src/ may import besides itself: the third column of the table. */
const ALLOWED = new Map(
  [...CONTRIBUTING.matchAll(/^\| `src\/(\w+)\/` +\|.*\| (.*?) *\|$/gm)].map((
    [, folder, allowed],
  ) => [folder!, allowed === "nothing" ? [] : allowed!.split(", ")]),
);

/** Lines of files that follow each other, as they stand there. */
const WAYS = [...CONTRIBUTING.matchAll(/^ {4}(.* → .*)$/gm)].map(([, line]) => line!.split(" → "));

/** src/broker from top to bottom: each may import what stands below it, and its own layer. */
const BROKER_LAYERS = WAYS.find(([first]) => first === "serve.ts")!.map((names) =>
  names.split(" ")
);

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
      if (other && other !== folder && !ALLOWED.get(folder)?.includes(other)) {
        violations.push(`${file} imports src/${other}`);
      }
    }
  }
  assert.deepEqual(violations, []);
});

Deno.test("every folder of src/ has its row", () => {
  const folders = [...Deno.readDirSync(new URL("src/", ROOT))].map(({ name }) => name);
  assert.deepEqual([...ALLOWED.keys()].toSorted(), folders.toSorted());
});

Deno.test("the ways of data lead over files that exist", () => {
  const ways = WAYS.filter(([first]) => first !== "serve.ts");
  assert.equal(ways.length, 4);
  for (const file of ways.flat()) {
    assert.ok(Deno.statSync(new URL(file, ROOT)).isFile, file);
  }
});

Deno.test("no files import each other in a ring, not even types", async () => {
  const imports = await importsBelow(ROOT);
  assert.ok(imports.get("main.ts")?.includes("src/cli/run.ts"), "imports are found");
  assert.deepEqual(ringIn(imports), undefined);
});

Deno.test("inside src/broker imports go down only", async () => {
  const imports = await importsBelow(new URL("src/broker/", ROOT));
  assert.ok(imports.size > 50, "src/broker is there");
  const violations = [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => brokerLayer(target) < brokerLayer(file))
      .map((target) => `${file} imports ${target}`)
  );
  assert.deepEqual(violations, []);
});

Deno.test("main.ts takes no package that only tests need", async () => {
  const packages = (await modules()).flatMap(({ specifier }) => {
    return /^npm:\/?((?:@[^/]+\/)?[^@/]+)/.exec(specifier)?.[1] ?? [];
  });
  assert.deepEqual([...new Set(packages)].toSorted(), [
    "@commander-js/extra-typings",
    "amqplib",
    "d3-array",
    "d3-scale",
    "d3-shape",
    "get-east-asian-width",
    "hdr-histogram-js",
    "prom-client",
    "simple-statistics",
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

function brokerLayer(file: string): number {
  const layer = BROKER_LAYERS.findIndex((names) => names.some((name) => file.startsWith(name)));
  assert.notEqual(layer, -1, `src/broker/${file} is in no layer`);
  return layer;
}

/**
 * What each file below a folder imports there, as a value or as a type only; paths from the folder.
 * Read from the files themselves: `deno info` leaves out what is imported as a text.
 */
async function importsBelow(folder: URL): Promise<Map<string, string[]>> {
  const imports = new Map<string, string[]>();
  for await (const file of sourcesBelow(folder)) {
    const text = await Deno.readTextFile(file);
    const targets = [...text.matchAll(/\b(?:from|import)[\s(]+"(\.[^"]+)"/g)]
      .map(([, target]) => new URL(target!, file).href)
      .filter((target) => target.startsWith(folder.href));
    imports.set(
      file.href.slice(folder.href.length),
      targets.map((target) => target.slice(folder.href.length)),
    );
  }
  return imports;
}

/** Files that import each other in a ring, from one to itself; undefined where there is none. */
function ringIn(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  function follow(file: string, path: readonly string[]): string[] | undefined {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const target of imports.get(file) ?? []) {
      const ring = follow(target, [...path, file]);
      if (ring) return ring;
    }
    done.add(file);
    return undefined;
  }
  for (const file of imports.keys()) {
    const ring = follow(file, []);
    if (ring) return ring;
  }
  return undefined;
}
