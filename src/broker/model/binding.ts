import type { Buffer } from "node:buffer";
import { encodeTable, type FieldTable } from "../wire/field_table.ts";
import type { Exchange } from "./exchange.ts";
import type { Queue } from "./queue.ts";

/** Where a binding leads. */
export type Destination = Queue | Exchange;

/** A binding from an exchange to a queue or to another exchange. */
export interface Binding {
  readonly source: Exchange;
  readonly destination: Destination;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** Two bindings are the same when source, destination, routing key and arguments are. */
export function sameBinding(a: Binding, b: Binding): boolean {
  return a.destination === b.destination && a.routingKey === b.routingKey &&
    canonical(a.arguments).equals(canonical(b.arguments));
}

function canonical(table: FieldTable): Buffer {
  return encodeTable(new Map([...table].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)));
}
