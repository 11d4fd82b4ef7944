import assert from "node:assert/strict";

/** The queue with the load, and the one that gets its dead letters. */
export type Place = "work" | "dead";
/** What is known of a publish or of a settlement. */
type Certainty = "sent" | "certain";

interface Message {
  /** Certain once it was confirmed, or seen after a crash. */
  publish: Certainty;
  /** How it was settled, if it was. */
  settled?: { as: "ack" | "reject"; known: Certainty };
  /** Where the last inspection saw it; undefined for nowhere, which is for ever. */
  seen?: Place | undefined;
}

/**
 * What the clients of a broker know of each message, and so where it may be after a crash.
 *
 * An id is the publisher's name and a number that rises: `3.p1:17`.
 */
export class CrashLedger {
  readonly #open = new Map<string, Message>();
  readonly #gone = new Set<string>();

  published(id: string): void {
    this.#open.set(id, { publish: "sent" });
  }

  confirmed(id: string): void {
    this.#message(id).publish = "certain";
  }

  /** An ack, or a reject without requeue, is on its way. */
  settling(id: string, as: "ack" | "reject"): void {
    this.#message(id).settled = { as, known: "sent" };
  }

  /** The broker answered what was sent after the settlement on the same channel. */
  settled(id: string): void {
    this.#message(id).settled!.known = "certain";
  }

  /**
   * Compares with what a restarted broker has, in the order of its queues.
   * @returns how many messages are open.
   * @throws {assert.AssertionError} for what is lost, back, twice there, or out of order.
   */
  inspect(found: Readonly<Record<Place, readonly string[]>>): number {
    const places = new Map<string, Place>();
    for (const place of ["work", "dead"] as const) {
      for (const id of found[place]) {
        assert(!places.has(id), `${id} is there twice: in ${places.get(id)} and in ${place}`);
        assert(!this.#gone.has(id), `${id} was gone and is back in ${place}`);
        assert(this.#open.has(id), `${id} was never published`);
        places.set(id, place);
      }
    }
    mustBeInOrder(found.work);
    for (const [id, message] of this.#open) {
      const place = places.get(id);
      const allowed = whereabouts(message);
      assert(
        allowed.includes(place),
        `${id} is in ${place ?? "no queue"}: ${JSON.stringify(message)}`,
      );
      if (place === undefined) {
        this.#open.delete(id);
        this.#gone.add(id);
      } else {
        this.#open.set(id, { publish: "certain", seen: place });
      }
    }
    return this.#open.size;
  }

  #message(id: string): Message {
    const message = this.#open.get(id);
    assert(message, `${id} was delivered, but is gone or was never published`);
    return message;
  }
}

/** Where a message may be; undefined for nowhere. */
function whereabouts({ publish, settled, seen }: Message): readonly (Place | undefined)[] {
  if (settled?.known === "certain") return [settled.as === "reject" ? "dead" : undefined];
  const before = seen ?? "work";
  const places: (Place | undefined)[] = [before];
  if (settled?.as === "reject") places.push("dead");
  if (settled?.as === "ack" || publish === "sent") places.push(undefined);
  return places;
}

/** What one publisher sent must be in its order, whatever lies between. */
function mustBeInOrder(ids: readonly string[]): void {
  const last = new Map<string, number>();
  for (const id of ids) {
    const [publisher, number] = id.split(":") as [string, string];
    const previous = last.get(publisher) ?? -1;
    assert(Number(number) > previous, `${id} comes after ${publisher}:${previous}`);
    last.set(publisher, Number(number));
  }
}
