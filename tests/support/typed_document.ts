import { EXECUTABLE, type Exit, Worktool } from "./worktool.ts";

/** What a document tells its reader to save, and a directory to type its commands in. */
export class TypedDocument implements AsyncDisposable {
  readonly text: string;
  readonly #directory: string;

  private constructor(text: string, directory: string) {
    this.text = text;
    this.#directory = directory;
  }

  /**
   * Saves all files of a document: `name`: and a code block after it.
   *
   * @param path from the project's root
   */
  static async open(path: string): Promise<TypedDocument> {
    const text = await Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
    const directory = await Deno.makeTempDir({ prefix: "worktool-reader-" });
    const document = new TypedDocument(text, directory);
    await Deno.mkdir(`${directory}/bin`);
    await Deno.symlink(EXECUTABLE, `${directory}/bin/worktool`);
    for (const [name, content] of document.files) await document.save(name, content);
    return document;
  }

  /** Its code blocks with a name, by their names. */
  get files(): ReadonlyMap<string, string> {
    const named = this.text.matchAll(/`([\w./-]+)`:\n\n```\w+\n(.*?)```/gs);
    return new Map([...named].map(([, name, content]) => [name!, content!]));
  }

  /** What stands after each `$` in its code blocks. */
  get commands(): string[] {
    return [...this.text.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command!);
  }

  /** Writes a file into the reader's directory, which is made where it is missing. */
  async save(name: string, content: string): Promise<void> {
    const path = `${this.#directory}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, content, { mode: 0o755 });
  }

  /** Makes a file of the machine one of the reader's. */
  async link(name: string, target: string): Promise<void> {
    await Deno.symlink(target, `${this.#directory}/${name}`);
  }

  async read(name: string): Promise<string> {
    return await Deno.readTextFile(`${this.#directory}/${name}`);
  }

  /** Types a command. Its `python3` is the machine's, which sees the machine's packages. */
  async type(command: string, env: Readonly<Record<string, string>> = {}): Promise<Exit> {
    return await Worktool.run([command], {
      command: ["bash", "-c"],
      cwd: this.#directory,
      env: { PATH: `${this.#directory}/bin:/usr/bin:${Deno.env.get("PATH")}`, ...env },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }
}
