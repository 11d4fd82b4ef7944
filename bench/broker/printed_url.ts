/**
 * The first line that a broker prints, its URL; one that is silent is ended by SIGKILL.
 *
 * @param process whose standard output is a pipe
 * @returns undefined when it ended without
 */
export async function printedUrl(
  process: Deno.ChildProcess,
  timeoutMs: number,
): Promise<string | undefined> {
  const timer = setTimeout(() => process.kill("SIGKILL"), timeoutMs);
  let printed = "";
  for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
    printed += text;
    if (printed.includes("\n")) break;
  }
  clearTimeout(timer);
  return printed.includes("\n") ? printed.trim() : undefined;
}
