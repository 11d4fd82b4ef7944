/**
 * A pattern of a topic exchange, cut at its first and its last `#`: what a key has to begin with,
 * to end with, and to have in between, in this order and without overlap.
 */
export interface TopicPattern {
  readonly head: readonly string[];
  /** The last word first; undefined for a pattern without `#`, which is all head. */
  readonly tail: readonly string[] | undefined;
  /** Runs of words between two `#`; none of them is empty. */
  readonly runs: readonly (readonly string[])[];
}

const ANY_WORDS = "#";
const ANY_WORD = "*";

/** Reads the routing key of a binding; each is a pattern: words between dots, `*` and `#`. */
export function readPattern(pattern: string): TopicPattern {
  const words = wordsOf(pattern);
  const first = words.indexOf(ANY_WORDS);
  if (first < 0) return { head: words, tail: undefined, runs: [] };
  const last = words.lastIndexOf(ANY_WORDS);
  const runs: string[][] = [];
  let run: string[] = [];
  for (const word of words.slice(first + 1, last + 1)) {
    if (word !== ANY_WORDS) run.push(word);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  return { head: words.slice(0, first), tail: words.slice(last + 1).reverse(), runs };
}

/** The empty key has no words; `a..b` has an empty one. */
export function wordsOf(key: string): string[] {
  return key === "" ? [] : key.split(".");
}

/** How many `#` a pattern has. */
export function hashesOf(pattern: string): number {
  return wordsOf(pattern).filter((word) => word === ANY_WORDS).length;
}

/** A word that must be in what the runs match, if there is one. */
export function literalOf(runs: TopicPattern["runs"]): string | undefined {
  return runs.flat().find((word) => word !== ANY_WORD);
}

/**
 * Whether the runs are found in words[start, end), in order and without overlap. Each is taken
 * where it is first found: what a `#` swallows less, the next one can. So nothing is tried twice.
 */
export function hasRuns(
  runs: TopicPattern["runs"],
  words: readonly string[],
  start: number,
  end: number,
): boolean {
  let at = start;
  for (const run of runs) {
    while (at + run.length <= end && !run.every((word, i) => isOne(word, words[at + i]!))) at++;
    at += run.length;
    if (at > end) return false;
  }
  return true;
}

function isOne(pattern: string, word: string): boolean {
  return pattern === ANY_WORD || pattern === word;
}
