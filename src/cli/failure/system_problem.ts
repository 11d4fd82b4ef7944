const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "is a directory",
};

/** Why a file could not be read, without the system call's name. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return FILE_PROBLEMS[code ?? ""] ?? message;
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process does",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "there is no such host",
  DNS_ENOTFOUND: "there is no such host",
  EACCES: "permission denied",
};

/**
 * Why a server could not listen at an address, by the runtime's code; undefined for other codes.
 */
export function listenProblem(code: string | undefined): string | undefined {
  return LISTEN_PROBLEMS[code ?? ""];
}
