import { utf8Text } from "../../retry/utf8.ts";

/** Where a command finds the body. */
export type BodyPlace = "stdin" | "arg" | "file";

const PLACEHOLDER = "{}";

/** The arguments of one task's command, or why its body cannot be an argument. */
export type TaskArguments =
  | { readonly args: readonly string[]; readonly unfit?: undefined }
  | { readonly args?: undefined; readonly unfit: string };

export interface BodyArguments {
  readonly body: Uint8Array;
  readonly place: BodyPlace;
  /** Of the file with the body, where that is its place. */
  readonly path?: string | undefined;
}

/**
 * The arguments given, with the body in place of every `{}`, and with what `--body` adds at the
 * end.
 *
 * An argument is text without a zero byte: POSIX ends it there, and the runtime knows only strings.
 */
export function taskArguments(
  given: readonly string[],
  { body, place, path }: BodyArguments,
): TaskArguments {
  const replaces = given.some((arg) => arg.includes(PLACEHOLDER));
  if (!replaces && place === "stdin") return { args: given };
  if (!replaces && place === "file") return { args: [...given, path!] };

  const text = utf8Text(body);
  if (text === undefined || text.includes("\0")) {
    const problem = text === undefined ? "is not valid UTF-8" : "contains a zero byte";
    return {
      unfit: `the body ${problem} and cannot be an argument: use --body stdin or file` +
        (replaces ? ", without {}" : ""),
    };
  }
  const args = given.map((arg) => arg.replaceAll(PLACEHOLDER, () => text));
  if (place === "arg") args.push(text);
  if (place === "file") args.push(path!);
  return { args };
}
