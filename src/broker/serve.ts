import type { BrokerEvent } from "./broker_event.ts";
import { type BrokerOptions, BrokerServer } from "./server.ts";

/** What a broker needs from the outside. */
export interface ServeContext {
  readonly stop: AbortSignal;
  readonly onEvent: (event: BrokerEvent) => void;
}

/**
 * `worktool broker`: serves until it is told to stop.
 *
 * @throws {DataDirectoryError} the data directory is in use or cannot be written
 * @throws {Error} with `code` EADDRINUSE and the like: it cannot listen
 */
export async function broker(
  options: BrokerOptions,
  { stop, onEvent }: ServeContext,
): Promise<void> {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  stop.addEventListener("abort", () => resolve(), { once: true });
  if (stop.aborted) return;
  let server: BrokerServer;
  try {
    server = await BrokerServer.listen(options, onEvent, stop);
  } catch (error) {
    if (error !== stop.reason) throw error;
    return onEvent({ event: "closed" });
  }
  await using _ = server;
  await stopped;
}
