import { textWidth } from "./svg_text.ts";

/** A mark on the time axis whose text stands beside its pole, above the lanes. */
export interface Flag {
  readonly x: number;
  readonly text: string;
}

/** A flag and where it goes. */
export type Placed<F extends Flag> = F & PlacedFlag;

export interface PlacedFlag extends Flag {
  /** 0 is next to the lanes. */
  readonly row: number;
  readonly anchor: "start" | "end";
}

const ROWS = 3;
const POLE_GAP_PX = 5;

/** Where the text of a flag is, in px. */
export function flagText({ x, text, anchor }: Omit<PlacedFlag, "row">) {
  const width = textWidth(text, "note");
  const at = anchor === "start" ? x + POLE_GAP_PX : x - POLE_GAP_PX;
  const left = anchor === "start" ? at : at - width;
  return { at, left, right: left + width };
}

/**
 * Finds a row and a side for each flag, so that no text covers another or is crossed by a pole; as
 * few rows as can be. A flag for which there is no place is left out, the first one last.
 */
export function placeFlags<F extends Flag>(
  flags: readonly F[],
  { left, right }: { readonly left: number; readonly right: number },
): Placed<F>[] {
  let best: { cost: number; placed: Placed<F>[] } = { cost: Infinity, placed: [] };
  const place = (index: number, placed: Placed<F>[], cost: number) => {
    if (cost >= best.cost) return;
    const flag = flags[index];
    if (flag === undefined) {
      best = { cost, placed };
      return;
    }
    for (let row = 0; row < ROWS; row++) {
      for (const anchor of ["start", "end"] as const) {
        const candidate = { ...flag, row, anchor };
        const text = flagText(candidate);
        if (text.left < left || text.right > right) continue;
        if (placed.some((other) => inTheWay(candidate, other) || inTheWay(other, candidate))) {
          continue;
        }
        place(index + 1, [...placed, candidate], cost + 2 * row + (anchor === "end" ? 1 : 0));
      }
    }
    place(index + 1, placed, cost + (index === 0 ? 1_000 : 100));
  };
  place(0, [], 0);
  return best.placed;
}

/** Whether the pole or the text of one is where the text of the other is. */
function inTheWay(flag: PlacedFlag, other: PlacedFlag): boolean {
  const text = flagText(other);
  const crossed = flag.row >= other.row && flag.x > text.left - POLE_GAP_PX &&
    flag.x < text.right + POLE_GAP_PX;
  const own = flagText(flag);
  const covered = flag.row === other.row && own.left < text.right + POLE_GAP_PX &&
    text.left < own.right + POLE_GAP_PX;
  return crossed || covered;
}
