/** The commit that is checked out, for example "16b8998"; undefined outside a git clone. */
export async function revision(): Promise<string | undefined> {
  const args = ["rev-parse", "--short", "HEAD"];
  const options: Deno.CommandOptions = {
    args,
    cwd: new URL("../", import.meta.url),
    stderr: "null",
  };
  try {
    const { success, stdout } = await new Deno.Command("git", options).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
