import { eastAsianWidth } from "get-east-asian-width";

/** What a terminal shows in one column for each character. */
const PLAIN = /^[\x20-\x7e]*$/;

/** How many columns of a terminal a text takes; it must hold no control characters. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const character of charactersOf(text)) columns += columnsOfCharacter(character);
  return columns;
}

let segmenter: Intl.Segmenter | undefined;

/**
 * What a reader takes for one character: an emoji of several code points, a letter with its
 * accents.
 */
export function* charactersOf(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter("en");
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/**
 * Format characters that are seen, unlike all others: signs before digits, as U+0600 ARABIC NUMBER
 * SIGN (Unicode: Prepended_Concatenation_Mark).
 */
const SEEN_FORMAT = /[\u0600-\u0605\u06dd\u0890\u0891\u08e2\u{110bd}\u{110cd}]/u;

/**
 * Emoji are two columns wide, however many code points they are made of. Elsewhere all code points
 * that are seen count, each as wide as Unicode's East Asian Width says: rather too many than too
 * few, where terminals disagree.
 */
function columnsOfCharacter(character: string): number {
  if (/\p{Emoji_Presentation}|\p{Regional_Indicator}|\ufe0f/u.test(character)) return 2;
  let columns = 0;
  for (const part of character) {
    if (!/[\p{Mn}\p{Me}\p{Cf}]/u.test(part) || SEEN_FORMAT.test(part)) {
      columns += eastAsianWidth(part.codePointAt(0)!);
    }
  }
  return columns;
}
