/** Why a server could not listen at an address, from the error of the runtime. */
export function listenProblem(code: string | undefined): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return "another process does";
    case "EADDRNOTAVAIL":
      return "this machine has no such address";
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "DNS_ENOTFOUND":
      return "there is no such host";
    case "EACCES":
      return "permission denied";
  }
  return undefined;
}
