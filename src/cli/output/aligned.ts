import { columnsOf } from "./display_width.ts";

/**
 * Cells below each other, two columns apart.
 *
 * @param rows all of the same length
 * @param isNumber columns whose cells end below each other
 * @returns a line for each row; the last cell is padded too
 */
export function alignedLines(
  rows: readonly (readonly string[])[],
  isNumber: (column: number) => boolean,
): string[] {
  const widths = rows[0]!.map((_, n) => Math.max(...rows.map((cells) => columnsOf(cells[n]!))));
  return rows.map((cells) =>
    cells.map((cell, n) => {
      const padding = " ".repeat(widths[n]! - columnsOf(cell));
      return isNumber(n) ? padding + cell : cell + padding;
    }).join("  ")
  );
}
