/** An embedded broker for the demo alone, in memory on a free port. */
export class DemoBroker implements AsyncDisposable {
  readonly url: string;
  readonly #process: Deno.ChildProcess;

  private constructor(url: string, process: Deno.ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /** @param path the built worktool */
  static async start(path: string): Promise<DemoBroker> {
    const process = new Deno.Command(path, {
      args: ["broker", "--port", "0", "--memory"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await lines.read();
    await lines.cancel();
    if (value === undefined) throw new Error("the embedded broker did not start");
    return new DemoBroker(value.trim(), process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
  }
}
