import type { Field, FieldTable } from "../wire/field_table.ts";
import type { Binding, ExchangeDeclaration } from "./exchange.ts";
import type { QueueProperties } from "./queue_context.ts";

/** Octets that objects cost beside the texts in them (measured). */
const QUEUE_BYTES = 3_500;
const EXCHANGE_BYTES = 2_000;
const BINDING_BYTES = 600;
const FIELD_BYTES = 200;
/** A binding's key repeats its texts; and long ones leave gaps between them. */
const BINDING_COPIES = 2.5;

/** Octets that a queue without messages takes in memory (estimate). */
export function queueBytes({ name, arguments: table }: QueueProperties): number {
  return QUEUE_BYTES + name.length + tableBytes(table);
}

/** Octets that an exchange without bindings takes in memory (estimate). */
export function exchangeBytes({ name, arguments: table }: ExchangeDeclaration): number {
  return EXCHANGE_BYTES + name.length + tableBytes(table);
}

/** Octets that a binding takes in memory (estimate). */
export function bindingBytes({ routingKey, arguments: table }: Binding): number {
  return BINDING_BYTES + BINDING_COPIES * (routingKey.length + tableBytes(table));
}

/** Octets that a field table takes in memory (estimate). */
export function tableBytes(table: FieldTable): number {
  let bytes = 0;
  for (const [name, field] of table) bytes += name.length + fieldBytes(field);
  return bytes;
}

function fieldBytes({ value }: Field): number {
  if (typeof value === "string") return FIELD_BYTES + value.length;
  if (value instanceof Map) return FIELD_BYTES + tableBytes(value);
  if (!Array.isArray(value)) return FIELD_BYTES;
  return value.reduce((bytes, field) => bytes + fieldBytes(field), FIELD_BYTES);
}
