import { quotedBody } from "./body.ts";

/** Longer bodies are cut where a person reads them; what goes down a pipe has more room. */
const READABLE_BODY_BYTES = 1_000;
const PIPE_BODY_BYTES = 1_048_576;

/** A line for a person, and the stream it belongs to. */
export interface Line {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

export function stdout(text: string): Line {
  return { stream: "stdout", text };
}

export function stderr(text: string): Line {
  return { stream: "stderr", text };
}

/** @param options.terminal whether a person reads it */
export function quoted(body: Uint8Array, { terminal }: { terminal: boolean }): string {
  return quotedBody(body, terminal ? READABLE_BODY_BYTES : PIPE_BODY_BYTES);
}
