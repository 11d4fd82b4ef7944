import { InvalidArgumentError } from "@commander-js/extra-typings";
import { UsageError } from "../failure/usage_error.ts";

/** Makes an option parser of a pure one: its RangeError becomes a usage error of the option. */
export function argument<T>(parse: (text: string) => T): (text: string) => T {
  return translating(parse, (message) => new InvalidArgumentError(message));
}

/** The same for a secret: the usage error does not repeat it. @param flag for example `--user` */
export function secret<T>(flag: string, parse: (text: string) => T): (text: string) => T {
  return translating(parse, (message) => new UsageError(`${flag}: ${message}`));
}

function translating<T>(
  parse: (text: string) => T,
  usageError: (message: string) => Error,
): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw error instanceof RangeError ? usageError(error.message) : error;
    }
  };
}

/** The same for an option that may be given again and again. */
export function repeated<T>(
  parse: (text: string) => T,
): (text: string, previous: T[] | undefined) => T[] {
  const parseOne = argument(parse);
  return (text, previous = []) => [...previous, parseOne(text)];
}
