/** Why a task's work failed. */
export interface Failure {
  /** In a few words: "exit status 65", "signal SIGSEGV", "timeout after 5s". */
  readonly reason: string;
  readonly exitStatus?: number;
  /** For example "SIGKILL". */
  readonly signal?: string;
  /** The end of what it wrote to stderr, at most 2 KiB. */
  readonly stderr?: string;
}
