/**
 * Compiles dist/worktool; arguments are handed to the compiler, for example `--target=…`. Run by
 * `deno task build`.
 *
 * It compiles twice: a first executable is run and records which functions it uses, and in the
 * second one their bytecode lies together, which makes every start read less memory.
 */
const scratch = await Deno.makeTempDir({ prefix: "worktool-build-" });
try {
  const trial = `${scratch}/worktool`;
  await compile(`--outfile=${trial}`);
  const profiles = await record(trial);
  await compile(`--bytecode-order=${profiles}`, "--outfile=dist/worktool", ...Deno.args);
} finally {
  await Deno.remove(scratch, { recursive: true });
}

/** The flags and their reasons: CONTRIBUTING.md, "Bun compiles". */
async function compile(...flags: string[]): Promise<void> {
  await succeed("./node_modules/.bin/bun", [
    "build",
    "--compile",
    "--minify",
    "--bytecode",
    "--splitting",
    "--format=esm",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--compile-jit-policy=50",
    ...flags,
    "main.ts",
  ]);
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

async function succeed(command: string, args: string[], env = {}): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  if (success) return;
  await Deno.stderr.write(stdout);
  await Deno.stderr.write(stderr);
  throw new Error(`${command} ${args.join(" ")} failed`);
}
