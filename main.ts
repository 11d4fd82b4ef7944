import process from "node:process";
import { setImmediate } from "node:timers";
import deno from "./deno.json" with { type: "json" };
import { commandLineBytes } from "./src/cli/command_line.ts";
import {
  descriptorWriter,
  isSameFile,
  isTerminal,
  sizeOfFile,
  terminalSize,
} from "./src/cli/output/descriptor.ts";
import { ExitCode } from "./src/cli/failure/exit_code.ts";
import { heedsHangup } from "./src/cli/hangup.ts";
import { Output } from "./src/cli/output/output.ts";
import { run } from "./src/cli/run.ts";
import { StopRequests, type StopSignal } from "./src/cli/stop_requests.ts";

const requests = new StopRequests();
function heed(signal: StopSignal): void {
  process.on(signal, () => {
    const exitCode = requests.receive(signal, performance.now());
    if (exitCode !== undefined) process.exit(exitCode);
  });
}
heed("SIGINT");
heed("SIGTERM");
setImmediate(() => heedsHangup() && heed("SIGHUP")); // while a connection opens: it takes its time

function bug(error: unknown): never {
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`worktool: a bug in worktool, please report it: ${stack}\n`);
  process.exit(ExitCode.bug);
}
process.on("uncaughtException", bug);
process.on("unhandledRejection", bug);

const sizes = { stdout: terminalSize(1), stderr: terminalSize(2) };
const stdout = new Output(descriptorWriter(1));
// Two writers to one place would overtake each other.
const stderr = isSameFile(1, 2) ? stdout : new Output(descriptorWriter(2));
const exitCode = await run(process.argv.slice(2), {
  env: process.env,
  version: deno.version,
  processId: process.pid,
  commandLine: commandLineBytes,
  openInput: () => process.stdin,
  inputBytes: () => sizeOfFile(0),
  inputIsTerminal: () => isTerminal(0),
  stdout,
  stderr,
  stdoutIsTerminal: () => isTerminal(1),
  stderrIsTerminal: () => isTerminal(2),
  columns: (stream) => sizes[stream]().columns,
  rows: () => sizes.stdout().rows,
  stop: requests.stop,
  decided: requests.decided,
  crash: async () => {
    await stdout.flushed();
    process.kill(process.pid, "SIGKILL");
    return await new Promise<never>(() => {});
  },
}).catch(bug);
process.exit(exitCode);
