/**
 * A worktool command line as one would type it; lines that it reads are made by `printf`.
 *
 * @param args without worktool itself, and without what the lab alone needs (`--json`)
 */
export function commandText(args: readonly string[], input?: string): string {
  const command = ["worktool", ...args].map(quoted).join(" ");
  if (input === undefined) return command;
  const lines = input.trimEnd().split("\n").map(quoted).join(" ");
  return `printf '%s\\n' ${lines} | ${command}`;
}

/** As one word for the shell. */
function quoted(word: string): string {
  return /^[\w./=:,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
