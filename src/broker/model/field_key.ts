import type { Field, FieldTable } from "../wire/field_table.ts";

/** A text that two tables share when they have the same fields, in whatever order. */
export function tableKey(table: FieldTable): string {
  return fieldsKey([...table].sort(([a], [b]) => a < b ? -1 : 1));
}

/** A text that two fields share when type and value are the same. It says where it ends. */
export function fieldKey(field: Field): string {
  switch (field.type) {
    case "A":
      return `A${field.value.length}:${field.value.map(fieldKey).join("")}`;
    case "F":
      return `F${field.value.size}:${fieldsKey(field.value)}`;
    default:
      return field.type + textKey(String(field.value));
  }
}

/** A text that says where it ends. */
export function textKey(text: string): string {
  return `${text.length}:${text}`;
}

function fieldsKey(fields: Iterable<[string, Field]>): string {
  let key = "";
  for (const [name, field] of fields) key += textKey(name) + fieldKey(field);
  return key;
}
