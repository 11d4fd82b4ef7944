/** A directory, and its path; it is removed with all that is in it. */
export interface ScratchDirectory extends AsyncDisposable {
  /** The data directory in it, which the broker makes. */
  readonly path: string;
}

export async function scratchDirectory(): Promise<ScratchDirectory> {
  const outer = await Deno.makeTempDir({ prefix: "worktool-attack-" });
  return {
    path: `${outer}/data`,
    async [Symbol.asyncDispose]() {
      await Deno.remove(outer, { recursive: true });
    },
  };
}
