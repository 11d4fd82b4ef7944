import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { jsonHeaders } from "../../../src/cli/output/header_json.ts";

Deno.test("every type of header has a form in JSON", () => {
  const headers = {
    text: "x",
    number: 1.5,
    infinite: Infinity,
    yes: true,
    nothing: null,
    utf8: Buffer.from("ä"),
    bytes: Buffer.from([0xff]),
    at: { "!": "timestamp", value: 1_700_000_000 },
    never: { "!": "timestamp", value: 2 ** 60 },
    price: { "!": "decimal", value: { places: 2, digits: 199 } },
    list: [Buffer.from("b"), { deep: Buffer.from("c") }],
  };
  assert.deepEqual(JSON.parse(JSON.stringify(jsonHeaders(headers))), {
    text: "x",
    number: 1.5,
    infinite: "Infinity",
    yes: true,
    nothing: null,
    utf8: "ä",
    bytes: { body: "/w==", encoding: "base64" },
    at: "2023-11-14T22:13:20.000Z",
    never: 2 ** 60,
    price: 1.99,
    list: ["b", { deep: "c" }],
  });
});
