import type { Readable } from "node:stream";
import type { Columns } from "./output/line.ts";
import type { Output } from "./output/output.ts";

/** The process as the commands see it; `main.ts` makes it. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly processId: number;
  /** The bytes of the command line, where the platform tells them. */
  readonly commandLine: () => Uint8Array | undefined;
  /** Standard input; a function, because opening it costs start-up time that few commands need. */
  readonly openInput: () => Readable;
  /** The size of standard input where it is a regular file. */
  readonly inputBytes: () => number | undefined;
  readonly inputIsTerminal: () => boolean;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdoutIsTerminal: () => boolean;
  readonly stderrIsTerminal: () => boolean;
  readonly columns: Columns;
  /** How high the terminal is that standard output goes to; undefined where it goes to none. */
  readonly rows: () => number | undefined;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, with the signal's name as its reason. */
  readonly stop: AbortSignal;
  /** To be called when the end of a run is told: no signal changes its exit code any more. */
  readonly decided: () => void;
  /** Ends this process as `kill -9` does. */
  readonly crash: () => Promise<never>;
}
