// deno-lint-ignore-file no-console -- it prints to the terminal
/** A worktool command that did not end well. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
  readonly exitCode: number;

  /** @param stderr what the command said about it */
  constructor(exitCode: number, stderr: string) {
    super(stderr.trimEnd());
    this.exitCode = exitCode;
  }
}

/** The built worktool; every command line is shown as a learner would type it. */
export class Executable {
  readonly #path: string;
  readonly #env: Record<string, string>;

  /** @param url the broker; undefined leaves the choice to worktool */
  constructor(path: string, url: string | undefined) {
    this.#path = path;
    this.#env = url === undefined ? {} : { AMQP_URL: url };
  }

  /** Starts a command; its output is for the caller to read. */
  start(args: readonly string[]): Deno.ChildProcess {
    show(args);
    return this.#spawn(args, { stdin: "null", stdout: "piped" });
  }

  /** Runs a command to its end. @throws {CommandFailed} */
  async run(args: readonly string[]): Promise<void> {
    show(args);
    await Executable.succeeded(this.#spawn(args, { stdin: "null", stdout: "null" }));
  }

  /** Runs a command with lines as its input. @throws {CommandFailed} */
  async feed(lines: readonly string[], args: readonly string[]): Promise<void> {
    console.log(`  $ printf '%s\\n' ${lines.map(quoted).join(" ")} |`);
    show(args, "      ");
    const process = this.#spawn(args, { stdin: "piped", stdout: "null" });
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
    await writer.close();
    await Executable.succeeded(process);
  }

  /** Waits for the end of a command. @throws {CommandFailed} */
  static async succeeded(process: Deno.ChildProcess): Promise<void> {
    const [stderr, { code }] = await Promise.all([
      new Response(process.stderr).text(),
      process.status,
    ]);
    if (code !== 0) throw new CommandFailed(code, stderr);
  }

  #spawn(
    args: readonly string[],
    streams: { stdin: "null" | "piped"; stdout: "null" | "piped" },
  ): Deno.ChildProcess {
    const options: Deno.CommandOptions = { ...streams, stderr: "piped", env: this.#env };
    return new Deno.Command(this.#path, { ...options, args: [...args] }).spawn();
  }
}

function show(args: readonly string[], indent = "  $ "): void {
  console.log(`${indent}dist/worktool ${args.map(quoted).join(" ")}`);
}

function quoted(word: string): string {
  return /^[\w./=-]+$/.test(word) ? word : `'${word}'`;
}
