import {
  type Field,
  FIELD_TYPE_NAMES,
  type FieldTable,
  integerOf,
} from "../../wire/field_table.ts";
import type { Release } from "../../release.ts";
import { ChannelError } from "../../wire/protocol_error.ts";
import type { Route } from "./route.ts";

const MATCHES = ["all", "any", "all-with-x", "any-with-x"];

/**
 * Checks x-match of a binding to a headers exchange.
 * @throws {ChannelError} 406 for another type or value.
 */
export function checkHeadersBinding(table: FieldTable): void {
  const match = table.get("x-match");
  if (match === undefined) return;
  if (match.type !== "S") {
    throw new ChannelError(
      "PRECONDITION_FAILED",
      `Invalid x-match field type ${FIELD_TYPE_NAMES[match.type]} (value ${match.value}); ` +
        "expected longstr",
    );
  }
  if (MATCHES.includes(match.value)) return;
  throw new ChannelError(
    "PRECONDITION_FAILED",
    `Invalid x-match field value <<"${match.value}">>; expected all, any, all-with-x, or any-with-x`,
  );
}

/** Headers exchange: the binding's arguments are looked up in the headers (section 3.1.3.4). */
export class HeadersRouter<R extends Route> {
  readonly #same: (a: Field, b: Field) => boolean;
  #bindings: R[] = [];

  constructor(release: Release) {
    this.#same = release.headersComparison === "by value" ? sameValue : sameTypeAndValue;
  }

  bind(binding: R): void {
    this.#bindings.push(binding);
  }

  unbind(binding: R): void {
    this.#bindings = this.#bindings.filter((other) => other !== binding);
  }

  route(_routingKey: string, headers: () => FieldTable | undefined): readonly R[] {
    if (this.#bindings.length === 0) return [];
    const table = headers() ?? new Map<string, Field>();
    return this.#bindings.filter((binding) => matchesHeaders(binding.arguments, table, this.#same));
  }
}

/** Whether headers satisfy a binding's arguments, by its x-match (default `all`). */
function matchesHeaders(
  wanted: FieldTable,
  headers: FieldTable,
  same: (a: Field, b: Field) => boolean,
): boolean {
  const match = (wanted.get("x-match")?.value as string | undefined) ?? "all";
  const withX = match.endsWith("-with-x");
  const any = match.startsWith("any");
  for (const [name, field] of wanted) {
    // Names that start with x- are not compared, unless the binding asks for it.
    if (name === "x-match" || (!withX && name.startsWith("x-"))) continue;
    const actual = headers.get(name);
    // A void argument asks for the header's presence alone.
    const matched = actual !== undefined && (field.type === "V" || same(field, actual));
    if (matched && any) return true;
    if (!matched && !any) return false;
  }
  return !any;
}

/** Numbers are compared by value, whatever their type. */
function numberOf(field: Field): number | undefined {
  if (field.type === "T") return Number(field.value);
  return field.type === "f" || field.type === "d" ? field.value : integerOf(field);
}

/** As RabbitMQ compares: by value at the top, by type and value within arrays and tables. */
function sameValue(a: Field, b: Field): boolean {
  const left = numberOf(a);
  if (left !== undefined) return left === numberOf(b);
  if (isText(a) && isText(b)) return a.value === b.value;
  return identical(a, b) || (isEmptyList(a) && isEmptyList(b));
}

/** Integers of any width are of one type, and so are floats. */
function sameTypeAndValue(a: Field, b: Field): boolean {
  const isFloat = (field: Field) => field.type === "f" || field.type === "d";
  return isFloat(a) === isFloat(b) && sameValue(a, b);
}

function isText({ type }: Field): boolean {
  return type === "S" || type === "x";
}

function isEmptyList(field: Field): boolean {
  if (field.type === "A") return field.value.length === 0;
  return field.type === "F" && field.value.size === 0;
}

function identical(a: Field, b: Field): boolean {
  if (a.type !== b.type) return false;
  if (a.type === "A" && b.type === "A") {
    return a.value.length === b.value.length &&
      a.value.every((item, index) => identical(item, b.value[index]!));
  }
  if (a.type === "F" && b.type === "F") {
    const others = [...b.value];
    return a.value.size === others.length &&
      [...a.value].every(([name, item], index) => {
        const [otherName, other] = others[index]!;
        return name === otherName && identical(item, other);
      });
  }
  return a.value === b.value;
}
