import type { Figure } from "./figure.ts";

/** A stand-in until the pictures are there. */
export function pictureSvg(
  figure: Figure,
  { title, description, width = 720 }: {
    readonly title: string;
    readonly description: string;
    readonly width?: number;
  },
): string {
  const escape = (text: string) =>
    text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  const height = 40 + 60 * figure.panels.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" ` +
    `aria-label="${escape(`${title}: ${description}`)}">` +
    `<rect width="${width}" height="${height}" fill="none" stroke="currentColor"/></svg>`;
}
