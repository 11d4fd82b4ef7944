import { erlangFloat } from "../wire/erlang_text.ts";
import { type Field, FIELD_TYPE_NAMES, type FieldTable, integerOf } from "../wire/field_table.ts";
import { ChannelError } from "../wire/protocol_error.ts";

/**
 * Refuses a redeclaration whose property differs (rule: queue.declare and exchange.declare,
 * "equivalent"). `title` names the thing: `queue 'q' in vhost '/'`.
 * @throws {ChannelError} 406.
 */
export function requireSameProperty(
  title: string,
  property: string,
  received: boolean | string,
  current: boolean | string,
): void {
  if (received === current) return;
  throw inequivalent(title, property, `'${received}'`, `'${current}'`);
}

/**
 * Refuses a redeclaration in which one of the named arguments differs; integers of any width are
 * compared by value.
 * @throws {ChannelError} 406.
 */
export function requireSameArguments(
  title: string,
  names: readonly string[],
  received: FieldTable,
  current: FieldTable,
): void {
  for (const name of names) {
    const wanted = received.get(name);
    const actual = current.get(name);
    if (wanted === undefined && actual === undefined) continue;
    if (wanted !== undefined && actual !== undefined) {
      if (sameArgument(wanted, actual)) continue;
      throw inequivalent(title, name, quoted(wanted), quoted(actual));
    }
    // A classic queue is one with or without saying so.
    if (name === "x-queue-type" && (wanted ?? actual)?.value === "classic") continue;
    throw inequivalent(title, name, described(wanted), described(actual));
  }
}

function sameArgument(a: Field, b: Field): boolean {
  const integer = integerOf(a);
  if (integer !== undefined) return integer === integerOf(b);
  return a.type === b.type && a.value === b.value;
}

function quoted({ type, value }: Field): string {
  return `'${type === "f" || type === "d" ? erlangFloat(value) : value}'`;
}

function described(field: Field | undefined): string {
  if (field === undefined) return "none";
  return `the value ${quoted(field)} of type '${FIELD_TYPE_NAMES[field.type]}'`;
}

function inequivalent(title: string, name: string, received: string, current: string) {
  return new ChannelError(
    "PRECONDITION_FAILED",
    `inequivalent arg '${name}' for ${title}: received ${received} but current is ${current}`,
  );
}
