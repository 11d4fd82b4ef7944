/**
 * Compiles a program to an executable.
 *
 * The flags and their reasons: CONTRIBUTING.md, "Bun compiles".
 */
export async function compile(program: string, ...flags: string[]): Promise<void> {
  await succeed("./node_modules/.bin/bun", [
    "build",
    "--compile",
    "--minify",
    "--bytecode",
    "--splitting",
    "--format=esm",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    ...flags,
    program,
  ]);
}

/** Runs a command to its end. @throws when it fails, after showing what it wrote */
export async function succeed(command: string, args: string[], env = {}): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  if (success) return;
  await Deno.stderr.write(stdout);
  await Deno.stderr.write(stderr);
  throw new Error(`${command} ${args.join(" ")} failed`);
}
