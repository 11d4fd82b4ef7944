import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type SpawnFailure, spawnFailure } from "./task_end.ts";

/**
 * Why a command cannot be started, by a look for it as the start itself would look: a path, or a
 * name in the folders of PATH. Undefined where nothing speaks against it.
 *
 * @param path the variable PATH; without one the system has folders of its own, which are not known
 */
export function commandProblem(file: string, path: string | undefined): SpawnFailure | undefined {
  if (file.includes("/")) {
    const code = whyNotExecutable(file);
    return code === undefined ? undefined : spawnFailure(file, code, { exists: false });
  }
  const folders = (path ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = folders.some((folder) => whyNotExecutable(join(folder, file)) === undefined);
  if (found || folders.length === 0) return undefined;
  return spawnFailure(file, "ENOENT", { exists: false });
}

/** The code of the error, as in errno.h. */
function whyNotExecutable(file: string): string | undefined {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isDirectory() ? "EACCES" : undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown";
  }
}
