import type { Field, FieldTable } from "../wire/field_table.ts";
import { textOf } from "../wire/octets.ts";

/** A field table as the management API tells it: without the types of the wire. */
export function jsonOf(table: FieldTable): Record<string, unknown> {
  return Object.fromEntries([...table].map(([name, field]) => [textOf(name), valueOf(field)]));
}

function valueOf(field: Field): unknown {
  const { value } = field;
  if (typeof value === "string") return textOf(value);
  if (typeof value === "bigint") return Number(value);
  if (field.type === "F") return jsonOf(field.value);
  if (field.type === "A") return field.value.map(valueOf);
  return value ?? null;
}
