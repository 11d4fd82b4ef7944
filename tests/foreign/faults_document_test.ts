/** docs/faults.md: what it tells to save and to type, with the machine's pika. */
import assert from "node:assert/strict";
import type { FaultKind } from "../../src/broker/faults/fault.ts";
import { FAULT_USAGES, parseFaults } from "../../src/cli/values/faults.ts";
import { TypedDocument } from "../support/typed_document.ts";
import { missingPackage } from "./python_client.ts";

const missing = missingPackage("pika", "python3-pika");

Deno.test({
  name: `docs/faults.md: its worker passes its test${missing ? ` [no ${missing}]` : ""}`,
  ignore: missing !== undefined,
  fn: async () => {
    await using document = await TypedDocument.open("docs/faults.md");
    assert.deepEqual([...document.files.keys()], ["worker.py", "test-worker.sh"]);
    const [command] = document.commands;
    const { code, stdout, stderr } = await document.type(command!);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /^each task was done once\n$/m);
    const [, made = ""] = /^faults made with --seed 1: (.*)$/m.exec(stderr) ?? [];
    assert.match(made, /^[1-9]\d* redeliver, [1-9]\d* drop, [1-9]\d* cancel$/);

    const worker = document.files.get("worker.py")!;
    const careless = worker.replace(/ {4}if message_id in done:\n.*\n/, "");
    assert.notEqual(careless, worker);
    await document.save("worker.py", careless);
    const twice = await document.type(command!);
    assert.equal(twice.code, 1, twice.stderr);
    assert.match(twice.stdout, /^> \d+$/m, "diff shows what was done twice");
  },
});

Deno.test("docs/faults.md tells of every fault, and each example can be parsed", async () => {
  await using document = await TypedDocument.open("docs/faults.md");
  const examples = [...document.text.matchAll(/--fault ([a-z]\S*:\S+)/g)];
  const kinds = examples.flatMap(([, spec]) => parseFaults(spec!)).map(({ kind }) => kind);
  const known = FAULT_USAGES.map((usage) => /^[a-z-]+/.exec(usage)![0] as FaultKind);
  assert.deepEqual([...new Set(kinds)].toSorted(), known.toSorted());
  const headings = [...document.text.matchAll(/^### `(.*)`$/gm)].map(([, kind]) => kind);
  assert.deepEqual(headings, known);
});
