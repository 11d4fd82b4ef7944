/**
 * A parser of given words, for options that are repeated: Commander's `choices` keeps the last
 * alone.
 *
 * @throws {RangeError} (the parser) with a message that completes "argument … is invalid."
 */
export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((word) => word === text);
    if (word === undefined) throw new RangeError(`One of ${words.join(", ")}.`);
    return word;
  };
}
