import { didYouMean } from "./nearest_word.ts";
import { type Column, COLUMNS, type QueueFigures } from "./queue_figures.ts";

/** A condition that cannot be read; the message says what is wrong, and where. */
export class MalformedCondition extends RangeError {}

/** Undefined where a figure that it needs is not known. */
export type Truth = boolean | undefined;

type Value = number | string | boolean;

/** What to do with the figures of a queue to know whether the condition holds. */
export interface Condition {
  readonly text: string;
  /** The columns that it looks at, each once. */
  readonly columns: readonly Column[];
  holds(figures: QueueFigures): Truth;
}

type Node = (figures: QueueFigures) => Value | undefined;

const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z_0-9]*)|'([^']*)'|"([^"]*)"|(&&|\|\||==|!=|<=|>=|<|>|!|\(|\)|\+|-))/y;

type Token =
  | {
    readonly kind: "number" | "name" | "text" | "sign";
    readonly text: string;
    readonly at: number;
  }
  | { readonly kind: "end"; readonly text: ""; readonly at: number };

/**
 * Reads a condition over the columns of a queue: `ready == 0 && unacked == 0`, `consumers >= 2`,
 * `type == 'quorum'`, `ready + unacked < 100`. `&&` binds stronger than `||`, as in C.
 *
 * @throws {MalformedCondition}
 */
export function parseCondition(text: string): Condition {
  const parser = new Parser(text);
  const node = parser.whole();
  return {
    text,
    columns: [...parser.columns],
    holds(figures) {
      const value = node(figures);
      return value === undefined ? undefined : Boolean(value);
    },
  };
}

class Parser {
  readonly columns = new Set<Column>();
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  whole(): Node {
    const node = this.#or();
    const { kind, text, at } = this.#peek();
    if (kind !== "end") throw new MalformedCondition(`'${text}' at ${at + 1} is one too many.`);
    return node;
  }

  #or(): Node {
    let left = this.#and();
    while (this.#take("||")) {
      const [a, b] = [left, this.#and()];
      left = (figures) => either(truth(a(figures)), truth(b(figures)), true);
    }
    return left;
  }

  #and(): Node {
    let left = this.#not();
    while (this.#take("&&")) {
      const [a, b] = [left, this.#not()];
      left = (figures) => either(truth(a(figures)), truth(b(figures)), false);
    }
    return left;
  }

  #not(): Node {
    if (!this.#take("!")) return this.#comparison();
    const operand = this.#not();
    return (figures) => {
      const value = truth(operand(figures));
      return value === undefined ? undefined : !value;
    };
  }

  #comparison(): Node {
    const left = this.#sum();
    const sign = this.#take("==", "!=", "<=", ">=", "<", ">");
    if (sign === undefined) return left;
    const right = this.#sum();
    return (figures) => {
      const [a, b] = [left(figures), right(figures)];
      return a === undefined || b === undefined ? undefined : compare(sign, a, b);
    };
  }

  #sum(): Node {
    let left = this.#term();
    for (;;) {
      const sign = this.#take("+", "-");
      if (sign === undefined) return left;
      const [a, b] = [left, this.#term()];
      left = (figures) => {
        const [x, y] = [a(figures), b(figures)];
        if (x === undefined || y === undefined) return undefined;
        return sign === "+" ? Number(x) + Number(y) : Number(x) - Number(y);
      };
    }
  }

  #term(): Node {
    if (this.#take("(")) {
      const inner = this.#or();
      if (!this.#take(")")) {
        throw new MalformedCondition(`A ) is missing at ${this.#peek().at + 1}.`);
      }
      return inner;
    }
    const { kind, text, at } = this.#peek();
    this.#next++;
    switch (kind) {
      case "number":
        return () => Number(text);
      case "text":
        return () => text;
      case "name":
        return this.#named(text);
      default:
        throw new MalformedCondition(
          `A column or a value is missing at ${at + 1}: ready == 0 && consumers >= 2.`,
        );
    }
  }

  #named(name: string): Node {
    if (name === "true" || name === "false") return () => name === "true";
    const column = COLUMNS.find((column) => column === name);
    if (column === undefined) throw new MalformedCondition(unknown(name));
    this.columns.add(column);
    return (figures) => figures[column];
  }

  #peek(): Token {
    return this.#tokens[this.#next]!;
  }

  #take(...signs: readonly string[]): string | undefined {
    const { kind, text } = this.#peek();
    if (kind !== "sign" || !signs.includes(text)) return undefined;
    this.#next++;
    return text;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) {
      const at = from + text.slice(from).search(/\S/);
      throw new MalformedCondition(`'${text[at]}' at ${at + 1} cannot be read.`);
    }
    const [whole, number, name, single, double, sign] = match;
    const at = from + whole.length - whole.trimStart().length;
    if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, at });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign, at });
    else tokens.push({ kind: "text", text: single ?? double!, at });
  }
  return [...tokens, { kind: "end", text: "", at: end }];
}

function truth(value: Value | undefined): Truth {
  return value === undefined ? undefined : Boolean(value);
}

/** `||` where `decides` is true, `&&` where it is false: one side may decide alone. */
function either(a: Truth, b: Truth, decides: boolean): Truth {
  if (a === decides || b === decides) return decides;
  return a === undefined || b === undefined ? undefined : !decides;
}

function compare(sign: string, a: Value, b: Value): boolean {
  switch (sign) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}

function unknown(name: string): string {
  return `There is no column '${name}'.${didYouMean(name, COLUMNS)} They are ${
    COLUMNS.join(", ")
  }.`;
}
