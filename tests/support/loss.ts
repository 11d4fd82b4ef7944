import assert from "node:assert/strict";
import type { Broker } from "./brokers.ts";
import { Gate } from "./gate.ts";
import { events, Worktool } from "./worktool.ts";

/** A look at the broker as it is now: it may have been started again since the last one. */
export type Use = <T>(body: (broker: Broker) => Promise<T>) => Promise<T>;

export interface Loss {
  /** Where the worker connects to. */
  readonly url: string;
  readonly queue: string;
  /** Ends the worker's consumer in one of the five ways. */
  readonly lose: () => void | Promise<void>;
  /** What the worker says of it. */
  readonly told: RegExp;
  readonly flags?: readonly string[];
  /** Whether the loss takes the queue's messages with it. */
  readonly losesTasks?: boolean;
}

/**
 * Takes a worker's consumer away while a task runs: the worker must connect again, never settle
 * that task, report it, and get it again.
 */
export async function outlives(use: Use, loss: Loss): Promise<void> {
  const { url, queue, lose, told, flags = [], losesTasks = false } = loss;
  await using gate = await Gate.make();
  await use((broker) => broker.send(queue, "task"));
  await using worker = Worktool.start([
    ...["work", "--url", url, "--queue", queue, "--json", "--reconnect-delay", "10ms..100ms"],
    ...[...flags, "--backoff", "10ms", "--", "sh", "-c"],
    ...['[ $(cat) = again ] || [ $WORKTOOL_ATTEMPT = 2 ] || read _ < "$0"', gate.path],
  ]);
  await worker.event("received");
  await lose();
  const { error, exitCode } = await worker.event("reconnecting");
  assert.match(error as string, told);
  assert.equal(exitCode, undefined);
  await worker.event("reconnected");
  await gate.open();
  await worker.event("unsettled");
  if (losesTasks) await use((broker) => broker.send(queue, "again"));
  await worker.line(losesTasks ? /^{"event":"acked"/ : /^{"event":"acked".*"attempt":2}/);
  await worker.printed(2, /^{"event":"done"/);
  worker.kill("SIGTERM");
  const exit = await worker.exited;
  assert.equal(exit.code, 0, exit.stderr);
  const order = events(exit).map(({ event }) => event as string);
  assert.ok(order.indexOf("unsettled") < order.indexOf("acked"), `${order}`);
  assert.deepEqual(
    events(exit, "done").map(({ attempt }) => attempt),
    losesTasks ? [1, 1] : [1, 2],
  );
  const { done, unsettled, reconnects } = events(exit).at(-1)!;
  assert.deepEqual([done, unsettled], [1, 1]);
  assert.ok(reconnects >= 1);
  assert.equal((await use((broker) => broker.depth(queue))).ready, 0);
}
