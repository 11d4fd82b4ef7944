import type { Release } from "../../release.ts";
import { type Field, FIELD_TYPE_NAMES, type FieldTable } from "../../wire/field_table.ts";
import { ChannelError } from "../../wire/protocol_error.ts";
import { sameTypeAndValue, sameValue, valueKey } from "./header_values.ts";
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

type Same = (a: Field, b: Field) => boolean;

/** What a binding asks of the headers. */
interface Wish<R> {
  readonly binding: R;
  /** One field is enough; else all are needed. */
  readonly any: boolean;
  readonly fields: readonly (readonly [name: string, field: Field])[];
}

/**
 * Headers exchange: the binding's arguments are looked up in the headers (section 3.1.3.4).
 *
 * A binding is found by a field that it asks for: one that wants any of them by each, one that
 * wants all by that which leads to the fewest others.
 */
export class HeadersRouter<R extends Route> {
  readonly #same: Same;
  /** By the name of a header and the key of its value, or PRESENT. */
  readonly #byField = new Map<string, Map<string, Set<Wish<R>>>>();
  /** Those that ask for nothing. */
  readonly #always = new Set<R>();
  /** Where each binding is found. */
  readonly #places = new Map<R, (readonly [name: string, key: string, wish: Wish<R>])[]>();

  constructor(release: Release) {
    this.#same = release.headersComparison === "by value" ? sameValue : sameTypeAndValue;
  }

  bind(binding: R): void {
    const wish = wishOf(binding);
    if (wish.fields.length === 0 && !wish.any) return void this.#always.add(binding);
    const places = wish.fields.map(([name, field]) => [name, keyOf(field), wish] as const);
    const kept = wish.any ? places : [this.#leastUsed(places)];
    for (const place of kept) this.#put(place);
    this.#places.set(binding, kept);
  }

  #leastUsed<P extends readonly [name: string, key: string, ...unknown[]]>(places: readonly P[]) {
    const used = ([name, key]: P) => this.#byField.get(name)?.get(key)?.size ?? 0;
    return places.reduce((least, place) => used(place) < used(least) ? place : least);
  }

  #put([name, key, wish]: readonly [string, string, Wish<R>]): void {
    let byValue = this.#byField.get(name);
    if (byValue === undefined) this.#byField.set(name, byValue = new Map());
    const wishes = byValue.get(key);
    if (wishes === undefined) byValue.set(key, new Set([wish]));
    else wishes.add(wish);
  }

  unbind(binding: R): void {
    this.#always.delete(binding);
    for (const [name, key, wish] of this.#places.get(binding) ?? []) {
      const byValue = this.#byField.get(name)!;
      const wishes = byValue.get(key)!;
      wishes.delete(wish);
      if (wishes.size === 0) byValue.delete(key);
      if (byValue.size === 0) this.#byField.delete(name);
    }
    this.#places.delete(binding);
  }

  route(_routingKey: string, headers: () => FieldTable | undefined): Iterable<R> {
    if (this.#byField.size === 0) return this.#always;
    const found = new Set(this.#always);
    const table = headers() ?? new Map<string, Field>();
    for (const [name, field] of table) {
      const byValue = this.#byField.get(name);
      if (byValue === undefined) continue;
      this.#collect(byValue.get(valueKey(field)), table, found);
      this.#collect(byValue.get(PRESENT), table, found);
    }
    return found;
  }

  #collect(wishes: Set<Wish<R>> | undefined, table: FieldTable, found: Set<R>): void {
    if (wishes === undefined) return;
    for (const wish of wishes) if (isGranted(wish, table, this.#same)) found.add(wish.binding);
  }
}

/** The key of a void argument: it asks for the header's presence alone. */
const PRESENT = "";

function keyOf(field: Field): string {
  return field.type === "V" ? PRESENT : valueKey(field);
}

/** By the binding's x-match (default `all`). */
function wishOf<R extends Route>(binding: R): Wish<R> {
  const wanted = binding.arguments;
  const match = (wanted.get("x-match")?.value as string | undefined) ?? "all";
  const withX = match.endsWith("-with-x");
  // Names that start with x- are not compared, unless the binding asks for it.
  const isCompared = (name: string) => name !== "x-match" && (withX || !name.startsWith("x-"));
  const fields = [...wanted].filter(([name]) => isCompared(name));
  return { binding, any: match.startsWith("any"), fields };
}

function isGranted({ any, fields }: Wish<unknown>, headers: FieldTable, same: Same): boolean {
  const matches = ([name, field]: readonly [string, Field]) => {
    const actual = headers.get(name);
    return actual !== undefined && (field.type === "V" || same(field, actual));
  };
  return any ? fields.some(matches) : fields.every(matches);
}
