import { memoryOf } from "./process_memory.ts";

/** What is left out of a command line that is shown: where this repository and the files are. */
const FOLDERS = [new URL("../", import.meta.url).pathname, /^\S*\/worktool-bench-[0-9a-f]+\//];

/** How often the peak of a running process is looked at; the kernel keeps the peak meanwhile. */
const LOOK_MS = 20;

/** A command line to measure. */
export interface Command {
  readonly argv: readonly string[];
  /** A file as standard input; nothing without it. */
  readonly stdin?: string;
  /** A file for standard output; without it the output is thrown away. */
  readonly stdout?: string;
}

export interface Run {
  /** From before the process starts to after it ended, in milliseconds. */
  readonly elapsedMs: number;
  /** The largest resident set (VmHWM) in octets; only where it was asked for. */
  readonly peakBytes: number;
}

/**
 * Runs a command to its end.
 *
 * @param options.peak whether to watch its memory
 * @param options.stop aborted on SIGINT, which the command gets too
 * @throws when its exit status is not 0, or after a stop
 */
export async function runCommand(
  command: Command,
  { peak, stop }: { readonly peak: boolean; readonly stop: AbortSignal },
): Promise<Run> {
  const [program, ...args] = redirected(command) as [string, ...string[]];
  const startedAtMs = performance.now();
  const process = new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(process.stderr).text();
  let peakBytes = 0;
  const look = async () => {
    peakBytes = Math.max(peakBytes, (await memoryOf(process.pid))?.peakBytes ?? 0);
  };
  const timer = peak ? setInterval(look, LOOK_MS) : undefined;
  const { code } = await process.status;
  const elapsedMs = performance.now() - startedAtMs;
  clearInterval(timer);
  stop.throwIfAborted();
  if (code !== 0) throw new Error(`${commandLine(command)}: exit ${code}\n${await stderr}`);
  await stderr;
  return { elapsedMs, peakBytes };
}

/** A command as a shell takes it, the URL's password left out. */
export function commandLine({ argv, stdin, stdout }: Command): string {
  const words = argv.map((word) => word.replace(/(amqps?:\/\/[^:@/]+):[^@/]+@/, "$1:…@"));
  const shown = [...words, ...(stdin ? ["<", stdin] : []), ...(stdout ? [">", stdout] : [])];
  return shown.map((word) => FOLDERS.reduce<string>((rest, one) => rest.replace(one, ""), word))
    .join(" ");
}

/** Files as streams are opened by a shell that then becomes the command; it costs about 1 ms. */
function redirected({ argv, stdin, stdout }: Command): string[] {
  if (!stdin && !stdout) return [...argv];
  const script = `exec "$@"${stdin ? ' < "$IN"' : ""}${stdout ? ' > "$OUT"' : ""}`;
  return [
    "env",
    ...(stdin ? [`IN=${stdin}`] : []),
    ...(stdout ? [`OUT=${stdout}`] : []),
    "sh",
    "-c",
    script,
    "sh",
    ...argv,
  ];
}
