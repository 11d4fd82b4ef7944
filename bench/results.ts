const END = "<!-- end of results -->";

/**
 * Replaces results in a Markdown file, which has them between two marks.
 *
 * @param writtenBy the command that the first mark names
 */
export async function replaceResults(file: URL, report: string, writtenBy: string): Promise<void> {
  const mark = `<!-- results: written by ${writtenBy} -->`;
  const text = await Deno.readTextFile(file);
  const begin = text.indexOf(mark);
  const end = text.indexOf(END, begin);
  if (begin === -1 || end === -1) throw new Error(`${file.pathname} has no "${mark}"`);
  const before = text.slice(0, begin + mark.length);
  await Deno.writeTextFile(file, `${before}\n\n${report}\n${text.slice(end)}`);
}
