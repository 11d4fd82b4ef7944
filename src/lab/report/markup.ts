/** Text that is markup already. JSON cannot look like it: nothing recorded passes for it. */
export class Markup {
  readonly #text: string;

  /** @param text is taken as it is: from our own files or functions only */
  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** What may stand in a template; nothing comes of what is undefined or false. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

/**
 * A template for markup: whatever is put into it is text, unless a template made it. Were its name
 * `html`, the formatter would move spaces that a browser shows.
 */
export function markup(literals: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const parts = contents.map((content, at) => markupOf(content) + literals[at + 1]!);
  return new Markup(literals[0]! + parts.join(""));
}

function markupOf(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.toString();
  if (Array.isArray(content)) return content.map(markupOf).join("");
  return escapeHtml(String(content));
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Any text, for an element or an attribute in quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A value as JSON within `<script>`, where neither `</script>` nor `<!--` may stand. */
export function jsonForScript(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll("<", "\\u003c"));
}
