/** What one run of the command left behind. */
export interface Run {
  readonly task: number;
  readonly attempt: number;
  readonly redelivered: boolean;
  readonly failed: boolean;
}

/** Every line has the same length: the size of the file tells how many there are. */
const LINE_BYTES = "000001 001 true  ok\n".length;

/** A file to which every run of a command appends one line, also when its worker dies then. */
export class Trace implements AsyncDisposable {
  readonly path: string;
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.path = `${dir}/trace`;
  }

  static async create(): Promise<Trace> {
    const trace = new Trace(await Deno.makeTempDir({ prefix: "worktool-chaos-" }));
    await Deno.writeTextFile(trace.path, "");
    return trace;
  }

  /**
   * A shell script that does the task that is its argument. It appends with one write, and fails
   * where {@linkcode failsAt} says so.
   */
  static readonly SCRIPT = [
    "h=$(( ($1 * 7919 + $WORKTOOL_ATTEMPT * 104729 + $SEED) * 2654435761 & 0xffffffff ))",
    "h=$(( (h ^ h >> 15) * 2246822519 & 0xffffffff ))",
    "h=$(( (h ^ h >> 13) & 255 ))",
    "[ $h -ge $LIMIT ] && r=ok || r=no",
    'printf "%06d %03d %-5s %s\\n" "$1" "$WORKTOOL_ATTEMPT" "$WORKTOOL_REDELIVERED" $r >> "$TRACE"',
    "[ $r = ok ]",
  ].join("\n");

  /** How often the command has run. */
  async count(): Promise<number> {
    return (await Deno.stat(this.path)).size / LINE_BYTES;
  }

  async runs(): Promise<Run[]> {
    const text = await Deno.readTextFile(this.path);
    return text.split("\n").slice(0, -1).map((line) => {
      const [task, attempt, redelivered, result] = line.split(/ +/);
      return {
        task: Number(task),
        attempt: Number(attempt),
        redelivered: redelivered === "true",
        failed: result === "no",
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#dir, { recursive: true });
  }
}

export interface Luck {
  readonly seed: number;
  /** So many of 256 attempts fail. */
  readonly limit: number;
}

/** Whether {@linkcode Trace.SCRIPT} fails at this attempt. */
export function failsAt(task: number, attempt: number, { seed, limit }: Luck): boolean {
  let h = BigInt(task * 7919 + attempt * 104729 + seed) * 2654435761n & 0xffffffffn;
  h = (h ^ (h >> 15n)) * 2246822519n & 0xffffffffn;
  return Number((h ^ (h >> 13n)) & 255n) < limit;
}
