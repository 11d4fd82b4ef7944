import type { Verdict } from "../experiment_report.ts";
import { type Markup, markup } from "./markup.ts";

/** For a class name and for a sign that does not depend on colours. */
const SIGNS: Record<Verdict, { readonly name: string; readonly path: string }> = {
  "as the tutorial says": { name: "so", path: "M3 8.5l3.5 3.5L13 4.5" },
  "as claimed": { name: "so", path: "M3 8.5l3.5 3.5L13 4.5" },
  "not so": { name: "not-so", path: "M4 4l8 8M12 4l-8 8" },
  "not shown": { name: "not-shown", path: "M3 8h10" },
};

/** The verdict with its sign. */
export function verdictMarkup(verdict: Verdict): Markup {
  const { name, path } = SIGNS[verdict];
  const sign = markup`<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
  return markup`<span class="verdict ${name}">${sign}${verdict}</span>`;
}
