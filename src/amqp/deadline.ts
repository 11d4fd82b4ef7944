import { DeadlineExceeded } from "./errors.ts";

/**
 * Waits for a broker's answer, but not for ever.
 *
 * @param awaited what is waited for, as a noun: "queue.declare-ok"
 * @param timeoutMs Infinity for as long as it takes
 * @throws {DeadlineExceeded} after `timeoutMs`
 */
export async function withDeadline<T>(
  awaited: string,
  timeoutMs: number,
  answer: Promise<T>,
): Promise<T> {
  if (timeoutMs === Infinity) return await answer;
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlineExceeded(awaited, timeoutMs)), timeoutMs);
  try {
    return await Promise.race([answer, expired]);
  } finally {
    clearTimeout(timer);
  }
}
