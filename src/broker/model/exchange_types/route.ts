import type { FieldTable } from "../../wire/field_table.ts";

/** A binding, as far as an exchange matches messages by it. */
export interface Route {
  readonly routingKey: string;
  readonly arguments: FieldTable;
}
