import { outputOf } from "./command_output.ts";

/** The commit that is checked out, for example "16b8998"; undefined outside a git clone. */
export async function revision(): Promise<string | undefined> {
  return await outputOf(["git", "-C", import.meta.dirname!, "rev-parse", "--short", "HEAD"]);
}
