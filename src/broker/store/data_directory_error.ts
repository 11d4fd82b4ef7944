/** The data directory is in use by another broker, or cannot be used. */
export class DataDirectoryError extends Error {
  override readonly name: string = "DataDirectoryError";

  constructor(directory: string, cause: unknown) {
    const reason = reasonOf(cause);
    const problem = /locked|busy/i.test(reason)
      ? "is in use by another broker"
      : `cannot be used: ${reason}`;
    super(`data directory "${directory}" ${problem}`, { cause });
  }
}

/** Confirmed work is missing or cannot be read: whoever runs the broker has to accept that. */
export class DamagedDataError extends Error {
  override readonly name = "DamagedDataError";

  /** @param losses what is missing, as clauses */
  constructor(directory: string, losses: readonly string[]) {
    super(`data directory "${directory}" is damaged: ${losses.join("; ")}`);
  }
}

/** What the database says of a failure, for people. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
