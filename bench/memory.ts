import type { Benchmark } from "./benchmark.ts";
import { type Command, commandLine, runCommand } from "./command.ts";
import { ScratchQueue } from "./scratch_queue.ts";
import { markdownTable } from "./section.ts";

/** A longer send may need so many times the memory of a short one, for the collector's moods. */
const GROWTH_ALLOWED = 1.25;

/** In front of a send whose tasks nobody wants: the broker keeps the newest ones only. */
const KEPT_TASKS = 100_000;

/** Peak memory (VmHWM) of long sends, and of a worker that has been given everything at once. */
export const memory: Benchmark = {
  name: "memory",
  async run({ worktool, url, quick, linesFile, outputFile, stop }) {
    const scale = quick ? 100 : 1;
    const [short, long, full] = [100_000 / scale, 3_000_000 / scale, 1_000_000 / scale] as const;
    await using bounded = await ScratchQueue.create(url, { "x-max-length": KEPT_TASKS });
    await using queue = await ScratchQueue.create(url);
    const rows: string[][] = [];
    const lines: string[] = [];

    async function measure(what: string, tasks: number, command: Command): Promise<number> {
      const { peakBytes, elapsedMs } = await runCommand(command, { peak: true, stop });
      const mib = (peakBytes / 2 ** 20).toFixed(1);
      const seconds = (elapsedMs / 1_000).toFixed(1);
      rows.push([what, tasks.toLocaleString("en"), `${mib} MiB`, `${seconds} s`]);
      lines.push(`    ${commandLine(command)}`);
      return peakBytes;
    }

    const send = [worktool, "send", "--url", url, "--lines", "--queue"];
    const toBounded = [...send, bounded.name, "--queue-arg", `x-max-length=${KEPT_TASKS}`];
    const peaks = [];
    for (const tasks of [short, long]) {
      const command = { argv: toBounded, stdin: await linesFile(tasks) };
      peaks.push(await measure("send", tasks, command));
    }
    await measure("send", full, { argv: [...send, queue.name], stdin: await linesFile(full) });
    await queue.arrived(full);
    await measure("work, prefetch 0", full, {
      argv: [worktool, "work", "--url", url, "--queue", queue.name, "--prefetch", "0"]
        .concat("--until-empty"),
      stdout: outputFile,
    });
    await queue.arrived(0);

    const ratio = peaks[1]! / peaks[0]!;
    const table = markdownTable(["", "tasks", "peak memory", "time"], rows);
    return [{
      markdown: `### Peak memory of worktool\n\n${table}\n\n${lines.join("\n")}\n`,
      verdicts: [{
        text: `Peak memory of a send does not grow with the input: ${long.toLocaleString("en")} ` +
          `lines need at most ${GROWTH_ALLOWED} × that of ${short.toLocaleString("en")}; ` +
          `measured ${ratio.toFixed(2)} ×`,
        met: ratio <= GROWTH_ALLOWED,
      }],
    }];
  },
};
