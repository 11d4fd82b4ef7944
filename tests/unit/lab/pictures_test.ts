/** The pictures of the documents are those of their recordings, and are where the documents say. */
import assert from "node:assert/strict";
import { drawn, PICTURES } from "../../../pictures.ts";

const ROOT = new URL("../../../", import.meta.url);

for (const name of Object.keys(PICTURES)) {
  Deno.test(`docs/pictures/${name}.svg is current: deno task pictures --draw`, async () => {
    const kept = await Deno.readTextFile(new URL(`docs/pictures/${name}.svg`, ROOT));
    assert.equal(kept, await drawn(name));
  });
}

for (const document of ["README.md", "docs/tutorial.md"]) {
  Deno.test(`${document}: its pictures are there`, async () => {
    const text = await Deno.readTextFile(new URL(document, ROOT));
    const pictures = [...text.matchAll(/!\[[^\]]+\]\((\S+\.svg)\)/g)].map(([, path]) => path!);
    assert.ok(pictures.length > 0);
    for (const path of pictures) {
      assert.ok((await Deno.stat(new URL(path, new URL(document, ROOT)))).isFile, path);
    }
  });
}
