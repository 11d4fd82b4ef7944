/** A property in which a queue that exists differs from its declaration. */
export interface InequivalentArgument {
  /** The queue that exists. */
  readonly queue: string;
  /** For example "durable" or "x-max-length". */
  readonly name: string;
  /** What was asked for, as the broker writes it. */
  readonly received: string;
  /** What is there, as the broker writes it: `'true'`, `'5' of type 'signedint'`, `none`. */
  readonly current: string;
}

/**
 * Reads the only place where a broker tells what a queue is like, the reply text of the 406 to its
 * declaration: `inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current
 * is 'false'`. Undefined for any other text.
 */
export function inequivalentArgument(replyText: string): InequivalentArgument | undefined {
  const match =
    /inequivalent arg '([^']+)' for queue '(.*)' in vhost '.*': received (?:the value )?(.+?) but current is (?:the value )?(.+)$/
      .exec(replyText);
  return match
    ? { name: match[1]!, queue: match[2]!, received: match[3]!, current: match[4]! }
    : undefined;
}

/**
 * What is there as a value; undefined for none, and for what a flag cannot write (tables, lists).
 */
export function currentValue(
  { current }: InequivalentArgument,
): string | number | boolean | undefined {
  const match = /^'([^]*?)'(?: of type '(\w+)')?$/.exec(current);
  if (!match) return undefined;
  const [, text, type] = match; // `durable`, `auto_delete` and `x-queue-type` come without a type
  if (type === "longstr") return text;
  if (text === "true" || text === "false") return text === "true";
  if (type === undefined) return text;
  const number = Number(text);
  return /^-?\d+$/.test(text!) && Number.isSafeInteger(number) ? number : undefined;
}
