const BLOCKS = "▁▂▃▄▅▆▇█";
/** Where the locale has no blocks. */
const ASCII = "_.-:=+*#";

/**
 * Values as a line of small bars, the last one at its end: the lowest for 0, the highest for the
 * largest of them; a blank for what is not known.
 *
 * @param options.width in columns; older values are left out
 */
export function sparkline(
  values: readonly (number | undefined)[],
  { width, ascii }: { readonly width: number; readonly ascii: boolean },
): string {
  const shown = values.slice(-width);
  const largest = Math.max(...shown.map((value) => value ?? 0));
  const bars = ascii ? ASCII : BLOCKS;
  const line = shown.map((value) => {
    if (value === undefined) return " ";
    return bars[value === 0 ? 0 : Math.max(1, Math.round(value / largest * (bars.length - 1)))];
  });
  return line.join("").padStart(width);
}
