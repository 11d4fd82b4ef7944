/** The runtime of the executable, as far as it is asked here. */
interface Collecting {
  readonly Bun?: { gc(synchronously: boolean): unknown };
}

/**
 * Asks the garbage collector to run. Left alone it lets garbage grow to the size of what is alive,
 * and twice the limit may be more than the machine has.
 * @param how whether the program waits for it: that takes a millisecond or so for each MiB of small
 *   objects
 */
export function collectGarbage(how: "now" | "beside the program"): void {
  (globalThis as Collecting).Bun?.gc(how === "now");
}
