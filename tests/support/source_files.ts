/** Folders of the repository's root that hold what we have not written. */
const FOREIGN = ["dist", "node_modules"];

/** All TypeScript below a folder of the repository, and the JavaScript of the lab's page. */
export async function* sourcesBelow(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = new URL(isDirectory ? `${name}/` : name, folder);
    if (!isDirectory && /\.[jt]s$/.test(name)) yield path;
    if (isDirectory && !name.startsWith(".") && !FOREIGN.includes(name)) yield* sourcesBelow(path);
  }
}
