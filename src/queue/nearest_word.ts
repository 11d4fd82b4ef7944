/** As many letters may differ in a word for which another one was meant. */
const SLIPS = 3;

/** `Did you mean ready?`, or nothing where none of the words is near. */
export function didYouMean(word: string, words: readonly string[]): string {
  const begun = words.find((one) => word !== "" && one.startsWith(word));
  if (begun !== undefined) return ` Did you mean ${begun}?`;
  const [nearest] = words.toSorted((a, b) => distance(word, a) - distance(word, b));
  if (nearest === undefined || distance(word, nearest) > SLIPS) return "";
  return ` Did you mean ${nearest}?`;
}

/** How many letters differ (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
