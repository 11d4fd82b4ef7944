/** The command line asks for something that cannot be: reported with exit code 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
