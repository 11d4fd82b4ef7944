// deno-lint-ignore-file no-console -- it prints to the terminal
/**
 * The pictures of the documents: runs experiments of the lab with the built executable, keeps their
 * recordings and draws them. Run by `deno task pictures`; names as arguments, else all.
 *
 * With `--draw` it only draws the recordings that are there again.
 */
import { figureOf } from "./src/lab/picture/figure.ts";
import { pictureSvg } from "./src/lab/picture/svg.ts";
import { parseRecordings } from "./src/lab/recording.ts";

interface Picture {
  readonly title: string;
  /** What it shows, for who does not see it. */
  readonly description: string;
  /** The variants to draw; all unless told. */
  readonly variants?: readonly string[];
}

/** By the experiment. */
export const PICTURES: Readonly<Record<string, Picture>> = {
  "round-robin": {
    title: "Round-robin dispatching",
    description: "Two workers, and then three, get five tasks in turn.",
  },
  "acknowledgment": {
    title: "Message acknowledgment",
    description:
      "A worker is killed in a task. With manual acknowledgments the other worker does its two " +
      "tasks again, with auto both are lost, with early one is.",
  },
  "forgotten-ack": {
    title: "Forgotten acknowledgment",
    description:
      "Without acknowledgments all tasks stay unacknowledged until the worker goes, and are then " +
      "done again by the next one.",
  },
  "fair-dispatch": {
    title: "Fair dispatch",
    description:
      "With prefetch 0 all heavy tasks wait in one worker while the other has nothing to do. With " +
      "prefetch 1 both work all the time, and all is done in two thirds of the time.",
    variants: ["prefetch 0", "prefetch 1"],
  },
  "queue-size": {
    title: "Queue size",
    description: "The queue grows with one worker; with two it stays short.",
    variants: ["1 worker", "2 workers"],
  },
};

const FOLDER = new URL("docs/pictures/", import.meta.url);

/** The picture of a recording that is kept. */
export async function drawn(name: string): Promise<string> {
  const { title, description, variants } = PICTURES[name]!;
  const recordings = parseRecordings(await Deno.readTextFile(new URL(`${name}.ndjson`, FOLDER)));
  const shown = recordings.filter(({ variant }) => variants?.includes(variant) ?? true);
  return pictureSvg(figureOf(shown), { title, description });
}

async function record(name: string): Promise<void> {
  const executable = new URL("dist/worktool", import.meta.url).pathname;
  const file = new URL(`${name}.ndjson`, FOLDER).pathname;
  const { success } = await new Deno.Command(executable, {
    args: ["lab", name, "--record", file],
    stdout: "null",
  }).output();
  if (!success) throw new Error(`worktool lab ${name} failed`);
}

if (import.meta.main) {
  const names = Deno.args.filter((name) => name !== "--draw");
  for (const name of names.length > 0 ? names : Object.keys(PICTURES)) {
    if (!Deno.args.includes("--draw")) await record(name);
    await Deno.writeTextFile(new URL(`${name}.svg`, FOLDER), await drawn(name));
    console.log(`docs/pictures/${name}.svg`);
  }
}
