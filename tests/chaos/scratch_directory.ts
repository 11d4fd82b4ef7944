/**
 * A directory that ends with its scope; on a small file system of its own where a test fills it.
 */
export class ScratchDirectory implements AsyncDisposable {
  readonly path: string;
  #mounted = false;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<ScratchDirectory> {
    return new ScratchDirectory(await Deno.makeTempDir({ prefix: "worktool-chaos-" }));
  }

  /** A file system in memory with room for so many octets. */
  static async ofSize(bytes: number): Promise<ScratchDirectory> {
    const directory = await ScratchDirectory.make();
    try {
      await mount("-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", directory.path);
    } catch (error) {
      await directory[Symbol.asyncDispose]();
      throw error;
    }
    directory.#mounted = true;
    return directory;
  }

  /** Why no file system can be mounted here, if so: root in a container often may not. */
  static async obstacle(): Promise<string | undefined> {
    try {
      await using _ = await ScratchDirectory.ofSize(65_536);
      return undefined;
    } catch (error) {
      return `cannot mount: ${(error as Error).message}`;
    }
  }

  /** Makes the file system of {@linkcode ofSize} one that nobody can write to. */
  async makeReadOnly(): Promise<void> {
    await mount("-o", "remount,ro", this.path);
  }

  /** The names in it. */
  names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#mounted) await run("umount", this.path);
    await Deno.remove(this.path, { recursive: true });
  }
}

async function mount(...args: string[]): Promise<void> {
  await run("mount", ...args);
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}
