/** Files with tasks in a temporary directory, which goes when they are disposed of. */
export interface LineFiles extends AsyncDisposable {
  /** The path of a file with the lines `Task 1` to `Task {count}`. */
  readonly withLines: (count: number) => Promise<string>;
  /** A path for output. */
  readonly output: string;
}

const LINES_A_WRITE = 10_000;

export async function lineFiles(): Promise<LineFiles> {
  const directory = await Deno.makeTempDir({ prefix: "worktool-bench-" });
  const written = new Map<number, Promise<string>>();

  async function write(count: number): Promise<string> {
    const path = `${directory}/${count}.txt`;
    await Deno.writeTextFile(path, ReadableStream.from(linesUpTo(count)));
    return path;
  }

  return {
    withLines(count) {
      const path = written.get(count) ?? write(count);
      written.set(count, path);
      return path;
    },
    output: `${directory}/output.txt`,
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

/** The text in pieces of many lines. */
function* linesUpTo(count: number): Generator<string> {
  for (let from = 1; from <= count; from += LINES_A_WRITE) {
    const length = Math.min(LINES_A_WRITE, count - from + 1);
    yield Array.from({ length }, (_, index) => `Task ${from + index}\n`).join("");
  }
}
