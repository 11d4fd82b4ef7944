/** Whitespace, then a string, a number, a word or a mark. */
const TOKEN =
  /[ \t\r\n]*(?:("(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([[\]{},:]))/uy;

/** What may come next. */
type State = "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end" | "nothing";

/** Where a text is no JSON: the runtime does not tell. `line 3, column 7`. */
export function syntaxErrorPlace(text: string): string {
  const open: string[] = [];
  let state: State = "value";
  let at = 0;
  for (;;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    const next: State | undefined = token === null ? undefined : step(state, token, open);
    if (next === undefined || token === null) return placeOf(text, at);
    at += token[0].length;
    state = next;
  }
}

/** The state after a token; undefined where it may not stand there. */
function step(state: State, token: RegExpExecArray, open: string[]): State | undefined {
  const [, string, scalar, mark] = token;
  const after = (): State => open.length === 0 ? "nothing" : "comma or end";
  const wantsValue = state === "value" || state === "value or end";
  if (string !== undefined && state.startsWith("key")) return "colon";
  if (string !== undefined || scalar !== undefined) return wantsValue ? after() : undefined;
  if (mark === "[" || mark === "{") {
    if (!wantsValue) return undefined;
    open.push(mark);
    return mark === "[" ? "value or end" : "key or end";
  }
  if (mark === ":") return state === "colon" ? "value" : undefined;
  if (mark === ",") {
    if (state !== "comma or end") return undefined;
    return open.at(-1) === "[" ? "value" : "key";
  }
  if (!state.endsWith("or end") || open.pop() !== (mark === "]" ? "[" : "{")) return undefined;
  return after();
}

function placeOf(text: string, at: number): string {
  const start = at + /^[ \t\r\n]*/.exec(text.slice(at))![0].length;
  const lines = text.slice(0, start).split("\n");
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}
