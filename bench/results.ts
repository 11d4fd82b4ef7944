const BEGIN = "<!-- results: written by deno task bench --write -->";
const END = "<!-- end of results -->";

/** Replaces the results in a Markdown file, which has them between two marks. */
export async function replaceResults(file: URL, report: string): Promise<void> {
  const text = await Deno.readTextFile(file);
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`${file.pathname} has no "${BEGIN}"`);
  const before = text.slice(0, begin + BEGIN.length);
  await Deno.writeTextFile(file, `${before}\n\n${report}\n${text.slice(end)}`);
}
