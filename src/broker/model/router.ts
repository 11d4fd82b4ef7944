import type { Field, FieldTable } from "../wire/field_table.ts";
import type { Exchange } from "./exchange.ts";
import type { Message } from "./message.ts";
import { Queue } from "./queue.ts";
import type { Enqueued } from "./queue_context.ts";

/** What became of a publish: nobody took it, or what the confirm has to wait for. */
export type Routed = "unroutable" | Enqueued;

/** The way of messages through the exchanges of a virtual host to its queues. */
export class Router {
  readonly #exchanges: ReadonlyMap<string, Exchange>;
  readonly #queues: ReadonlyMap<string, Queue>;

  constructor(exchanges: ReadonlyMap<string, Exchange>, queues: ReadonlyMap<string, Queue>) {
    this.#exchanges = exchanges;
    this.#queues = queues;
  }

  /**
   * Follows bindings from an exchange to queues. Every exchange on the way sees all the keys, once;
   * what none of its bindings takes goes to its alternate.
   */
  route(exchange: Exchange, keys: readonly string[], message: Message): Set<Queue> {
    const queues = new Set<Queue>();
    let table: FieldTable | undefined;
    const headers = () => table ??= message.headers();
    // It grows on the way: no chain is too long, no ring closes.
    const reached = new Set([exchange]);
    for (const exchange of reached) {
      if (exchange.name === "") {
        for (const key of keys) {
          const queue = this.#queues.get(key);
          if (queue !== undefined) queues.add(queue);
        }
        continue;
      }
      let taken = false;
      for (const key of keys) {
        for (const { destination } of exchange.route(key, headers)) {
          taken = true;
          if (destination instanceof Queue) queues.add(destination);
          else reached.add(destination);
        }
      }
      // Rule: the default exchange is nobody's alternate, as nobody can bind to it.
      if (!taken && exchange.alternate) {
        const alternate = this.#exchanges.get(exchange.alternate);
        if (alternate !== undefined) reached.add(alternate);
      }
    }
    return queues;
  }
}

/** Of what became of a publish in two queues, that which the publisher has to know. */
export function together(one: Routed, other: Routed): Routed {
  return WEIGHTS[one] > WEIGHTS[other] ? one : other;
}

const WEIGHTS = { unroutable: 0, taken: 1, storing: 2, rejected: 3 } as const;

/** The keys in a CC or BCC header: long strings of an array. */
export function carbonCopies(field: Field | undefined): string[] {
  if (field?.type !== "A") return [];
  return field.value.flatMap((item) => item.type === "S" ? [item.value] : []);
}
