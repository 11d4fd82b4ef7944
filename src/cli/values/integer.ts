/**
 * A parser of whole numbers from `min` to `max`.
 *
 * @throws {RangeError} (the parser) with a message that completes "argument … is invalid."
 */
export function integerBetween(min: number, max: number, note = ""): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
    throw new RangeError(`It must be a whole number, ${range}${note}.`);
  };
}

/** The same of whole numbers from 0 on, and of `none`, which is Infinity. */
export function parseLimit(text: string): number {
  return text === "none" ? Infinity : anyLimit(text);
}

const anyLimit = integerBetween(0, Number.MAX_SAFE_INTEGER);
