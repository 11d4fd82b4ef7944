import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Where the embedded broker keeps its data unless told otherwise: the platform's place for state.
 */
export function stateDirectory(
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return join(base(platform, env), "worktool", "broker");
}

function base(platform: string, env: Readonly<Record<string, string | undefined>>): string {
  if (platform === "darwin") return join(homedir(), "Library", "Application Support");
  if (platform === "win32") return env.LOCALAPPDATA || join(homedir(), "AppData", "Local");
  return env.XDG_STATE_HOME || join(homedir(), ".local", "state"); // XDG base directories
}
