import { setTimeout as pause } from "node:timers/promises";

/**
 * For anything that must come: generous, because machines are slow, and never reached in a good
 * run.
 */
const WAIT_MS = 60_000;

/**
 * For a whole test: more than any wait in it, so that mostly the wait itself is named. An hour
 * where properties are to be tried more often than usual.
 */
const TEST_MS = Deno.env.has("WORKTOOL_TEST_PROPERTY_RUNS") ? 3_600_000 : 600_000;

const POLL_MS = 10;

/** A text, or one that is made when it is needed. */
type Awaited = string | (() => string);

/** What is waited for at this moment, oldest first. */
const pending = new Set<() => string>();

/** Resolves with the promise, or fails saying what did not come in time. */
export async function within<T>(
  promise: Promise<T>,
  awaited: Awaited,
  deadlineMs: number = WAIT_MS,
): Promise<T> {
  const wait = () => typeof awaited === "string" ? awaited : awaited();
  pending.add(wait);
  try {
    return await race(promise, deadlineMs, wait);
  } finally {
    pending.delete(wait);
  }
}

/** Asks again and again until the answer is there; for state that there is no event for. */
export async function eventually(
  awaited: Awaited,
  holds: () => Promise<boolean> | boolean,
  deadlineMs: number = WAIT_MS,
): Promise<void> {
  let over = false;
  const poll = async () => {
    while (!over && !(await holds())) await pause(POLL_MS);
  };
  try {
    await within(poll(), awaited, deadlineMs);
  } finally {
    over = true;
  }
}

/**
 * Runs a test's body, and fails with its name and what it waits for where it does not end. What the
 * body opened is for the caller to close.
 */
export async function wholeTest<T>(
  sentence: string,
  body: () => Promise<T>,
  deadlineMs: number = TEST_MS,
): Promise<T> {
  const earlier = new Set(pending); // left by a test that failed
  return await race(body(), deadlineMs, () => {
    const waits = [...pending].filter((wait) => !earlier.has(wait)).map((wait) => wait());
    const awaited = waits.length > 0 ? waits.join("; ") : "something that has no deadline";
    return `the end of "${sentence}", which waits for ${awaited}`;
  });
}

async function race<T>(
  promise: Promise<T>,
  deadlineMs: number,
  awaited: () => string,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const overdue = () => reject(new Error(`waited too long for ${awaited()}`));
  const timer = setTimeout(overdue, deadlineMs);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
