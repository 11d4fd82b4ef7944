/**
 * Pictures of fixed recordings, to the letter. WORKTOOL_UPDATE_GOLDEN=1 draws them anew: look at
 * them before you commit them.
 */
import assert from "node:assert/strict";
import { figureOf } from "../../../../src/lab/picture/figure.ts";
import { pictureSvg } from "../../../../src/lab/picture/svg.ts";
import { parseRecordings } from "../../../../src/lab/recording.ts";

const UPDATE = Deno.env.get("WORKTOOL_UPDATE_GOLDEN") === "1";

const PICTURES = {
  "fair_dispatch": {
    title: "Fair dispatch",
    description: "With prefetch 0 all is done after 3.2 s, with prefetch 1 after 2.0 s.",
  },
  "killed_worker": {
    title: "A worker is killed, its tasks are acknowledged after they are done",
    description: "C1 is killed; its two tasks go to C2.",
  },
  "auto_ack_loss": {
    title: "A worker is killed, with and without acknowledgments",
    description: "With --ack auto the two tasks that C1 had are lost.",
  },
  "broker_restart": {
    title: "A broker restarts",
    description: "Durable queues and persistent messages survive; the others do not.",
  },
  "many_tasks": {
    title: "300 tasks, 4 workers",
    description: "Every task is handed out at once.",
  },
  "never_acked": {
    title: "Nobody acknowledges",
    description: "What is done stays unacknowledged until the workers go.",
  },
};

for (const [name, options] of Object.entries(PICTURES)) {
  Deno.test(`the picture of ${name} is as it was`, async () => {
    const recordings = parseRecordings(await Deno.readTextFile(file("recordings", name, "ndjson")));
    const svg = pictureSvg(figureOf(recordings), options);
    const golden = file("golden", name, "svg");
    if (UPDATE) await Deno.writeTextFile(golden, svg);
    assert.equal(svg, await Deno.readTextFile(golden));
  });
}

function file(folder: string, name: string, extension: string): URL {
  return new URL(`${folder}/${name}.${extension}`, import.meta.url);
}
