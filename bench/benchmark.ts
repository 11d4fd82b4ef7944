import type { Peers } from "./peer.ts";
import type { Section } from "./section.ts";

/** What every benchmark has to know. */
export interface Context {
  /** The built executable. */
  readonly worktool: string;
  readonly url: string;
  /** What answers there, for example "RabbitMQ 3.10.8". */
  readonly brokerName: string;
  readonly peers: Peers;
  /** Small numbers, for trying it out. */
  readonly quick: boolean;
  /** A file with so many lines, `Task 1` and so on: no dots, so that there is no work in them. */
  readonly linesFile: (count: number) => Promise<string>;
  /** Where output goes that is written and not read. */
  readonly outputFile: string;
  /** Aborted on SIGINT: what was begun is cleaned up. */
  readonly stop: AbortSignal;
}

export interface Benchmark {
  /** For `--only`. */
  readonly name: string;
  /** It runs only where it is named, alone, and has results of its own; default false. */
  readonly apart?: boolean;
  readonly run: (context: Context) => Promise<Section[]>;
}

/** A program in bench/peers. */
export function peerProgram(name: string): string {
  return new URL(`peers/${name}`, import.meta.url).pathname;
}
