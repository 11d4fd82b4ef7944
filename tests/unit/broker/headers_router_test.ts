import assert from "node:assert/strict";
import fc from "fast-check";
import type { Binding } from "../../../src/broker/model/exchange.ts";
import {
  sameTypeAndValue,
  sameValue,
} from "../../../src/broker/model/exchange_types/header_values.ts";
import { HeadersRouter } from "../../../src/broker/model/exchange_types/headers_router.ts";
import { releaseNamed } from "../../../src/broker/release.ts";
import type { Field, FieldTable } from "../../../src/broker/wire/field_table.ts";
import { holds } from "../../support/property.ts";

/** One binding and one message, field by field. */
function matches(
  wanted: FieldTable,
  headers: FieldTable,
  same: (a: Field, b: Field) => boolean,
): boolean {
  const match = `${wanted.get("x-match")?.value ?? "all"}`;
  const compared = [...wanted].filter(([name]) =>
    name !== "x-match" && (match.endsWith("-with-x") || !name.startsWith("x-"))
  );
  const isThere = ([name, field]: [string, Field]) => {
    const actual = headers.get(name);
    return actual !== undefined && (field.type === "V" || same(field, actual));
  };
  return match.startsWith("any") ? compared.some(isThere) : compared.every(isThere);
}

const leaf = fc.constantFrom<Field>(
  { type: "S", value: "1" },
  { type: "x", value: "1" },
  { type: "S", value: "" },
  { type: "b", value: 1 },
  { type: "l", value: 1n },
  { type: "d", value: 1 },
  { type: "d", value: -0 },
  { type: "I", value: 0 },
  { type: "t", value: true },
  { type: "T", value: 1n },
  { type: "V", value: null },
  { type: "A", value: [] },
  { type: "F", value: new Map() },
);
const field = fc.oneof(
  { weight: 4, arbitrary: leaf },
  fc.array(leaf, { maxLength: 2 }).map((value): Field => ({ type: "A", value })),
  leaf.map((item): Field => ({ type: "F", value: new Map([["a", item]]) })),
);
const headers = fc.dictionary(fc.constantFrom("a", "b", "c", "x-a"), field)
  .map((fields): FieldTable => new Map(Object.entries(fields)));
const wanted = fc.tuple(
  headers,
  fc.constantFrom(undefined, "all", "any", "all-with-x", "any-with-x"),
).map(([fields, match]): FieldTable =>
  match === undefined ? fields : new Map([...fields, ["x-match", { type: "S", value: match }]])
);

for (const [name, same] of [["3.10", sameValue], ["4.3", sameTypeAndValue]] as const) {
  Deno.test(`a headers exchange like ${name} finds what a look at every binding finds`, async () => {
    const law = fc.property(
      fc.array(wanted, { maxLength: 12 }),
      fc.array(headers, { maxLength: 6 }),
      fc.array(fc.nat(11)),
      (tables, messages, gone) => {
        const router = new HeadersRouter<Binding>(releaseNamed(name));
        let bindings = tables.map((table) => ({ routingKey: "", arguments: table }) as Binding);
        for (const each of bindings) router.bind(each);
        const check = () => {
          for (const message of messages) {
            const expected = bindings.filter((each) => matches(each.arguments, message, same));
            const found = [...router.route("", () => message)];
            assert.deepEqual(new Set(found), new Set(expected));
            assert.equal(found.length, expected.length);
          }
        };
        check();
        const removed = new Set(gone.flatMap((at) => bindings[at] ?? []));
        for (const each of removed) router.unbind(each);
        bindings = bindings.filter((each) => !removed.has(each));
        check();
      },
    );
    await holds(law, { runs: 300 });
  });
}
