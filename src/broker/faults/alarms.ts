import type { Broker } from "../broker.ts";
import type { Fault } from "./fault.ts";
import type { FaultLog } from "./fault_log.ts";

/** The faults that befall all publishers at once: a memory alarm, and a full disk. */
export class Alarms implements Disposable {
  readonly #faults: readonly Extract<Fault, { readonly kind: "blocked" | "full-disk" }>[];
  readonly #broker: Broker;
  readonly #log: FaultLog;
  readonly #timers = new Map<Fault["kind"], ReturnType<typeof setTimeout>>();

  constructor(faults: readonly Fault[], broker: Broker, log: FaultLog) {
    this.#faults = faults.filter(({ kind }) => kind === "blocked" || kind === "full-disk") as [];
    this.#broker = broker;
    this.#log = log;
    this.#look(0, 0);
  }

  /** A connection has published. @param published how many it has, this one included */
  published(connection: number, published: number): void {
    this.#look(connection, published);
  }

  #look(connection: number, published: number): void {
    for (const { kind, after = 0, forMs } of this.#faults) {
      if (published !== after) continue;
      const what = published === 0 ? "from the start" : `after publish ${published}`;
      this.#log.made(kind, { connection, what });
      this.#set(kind, true);
      clearTimeout(this.#timers.get(kind));
      if (forMs !== undefined) {
        this.#timers.set(kind, setTimeout(() => this.#set(kind, false), forMs));
      }
    }
  }

  #set(kind: "blocked" | "full-disk", on: boolean): void {
    const { memory, store } = this.#broker;
    if (kind === "blocked") memory.alarm = on;
    else if (store !== undefined) store.directory.full = on;
  }

  /** All is well again: what is left is written when the broker stops. */
  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#set("blocked", false);
    this.#set("full-disk", false);
  }
}
