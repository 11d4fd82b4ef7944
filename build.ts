/**
 * Compiles dist/worktool; arguments are handed to the compiler, for example `--target=…`. Run by
 * `deno task build`.
 *
 * It compiles twice: a first executable is run and records which functions it uses, and in the
 * second one their bytecode lies together, which makes every start read less memory.
 */
import { compile, succeed } from "./compile.ts";

/** Why, and why it is not for ever: CONTRIBUTING.md, "Bun compiles". */
const JIT = "--compile-jit-policy=50";

const scratch = await Deno.makeTempDir({ prefix: "worktool-build-" });
try {
  const trial = `${scratch}/worktool`;
  await compile("main.ts", JIT, `--outfile=${trial}`);
  const profiles = await record(trial);
  await compile(
    "main.ts",
    JIT,
    `--bytecode-order=${profiles}`,
    "--outfile=dist/worktool",
    ...Deno.args,
  );
} finally {
  await Deno.remove(scratch, { recursive: true });
}

/** Runs a broker, a send and a worker; returns their profiles, the most common start first. */
async function record(trial: string): Promise<string> {
  const profile = (command: string) => `${scratch}/${command}.order`;
  const env = (command: string) => ({ BUN_BYTECODE_ORDER_OUT: profile(command) });
  const broker = new Deno.Command(trial, {
    args: ["broker", "--port", "0", "--memory"],
    env: env("broker"),
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = broker.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const url = (await output.read()).value?.trim();
    if (!url) throw new Error("the broker did not start");
    await succeed(trial, ["send", "--url", url, "A task"], env("send"));
    await succeed(trial, ["work", "--url", url, "--count", "1"], env("work"));
  } finally {
    broker.kill("SIGTERM");
    await output.cancel();
    await broker.status;
  }
  return ["send", "work", "broker"].map(profile).join(",");
}
