/** How to end at once what was told to stop, by a signal like the first. */
export function secondSignalText(first: string): string {
  return `${first === "SIGINT" ? "Press CTRL+C again" : "Signal again"} to end at once`;
}
