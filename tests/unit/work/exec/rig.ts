import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { type CommandOptions, CommandRunner } from "../../../../src/work/exec/command_runner.ts";
import { DEFAULT_EXIT_RULES } from "../../../../src/work/exec/exit_rules.ts";
import type { Outcome } from "../../../../src/work/outcome.ts";
import { deliveryOf } from "../../../support/delivery.ts";

export type RigOptions = Partial<CommandOptions> & {
  /** Run by /bin/sh, in place of `file` and `args`. */
  readonly script?: string;
};

/** A runner whose commands' output can be looked at and waited for. */
export class Rig implements AsyncDisposable {
  readonly runner: CommandRunner;
  readonly text = { stdout: "", stderr: "" };
  readonly #abort = new AbortController();
  #waiting: (() => void)[] = [];

  constructor({ script, ...options }: RigOptions) {
    this.runner = new CommandRunner({
      file: "sh",
      args: script === undefined ? [] : ["-c", script, "sh"],
      queue: "tasks",
      environment: process.env,
      bodyPlace: "stdin",
      exitRules: DEFAULT_EXIT_RULES,
      killAfterMs: 60_000,
      output: {
        mode: "prefix",
        onOutput: (_, stream, lines) => {
          this.text[stream] += Buffer.from(lines).toString();
          for (const wake of this.#waiting.splice(0)) wake();
        },
      },
      ...options,
    });
  }

  /** Does one task. */
  static async run(options: RigOptions, body: Uint8Array | string = ""): Promise<Result> {
    await using rig = new Rig(options);
    return { outcome: await rig.run(body), ...rig.text };
  }

  run(body: Uint8Array | string = "", attempt = 1): Promise<Outcome> {
    return this.runner.handle(deliveryOf(body), { attempt, abort: this.#abort.signal });
  }

  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** Waits until a command has written this to stdout. */
  async written(text: string): Promise<void> {
    while (!this.text.stdout.includes(text)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runner[Symbol.asyncDispose]();
  }
}

export interface Result {
  readonly outcome: Outcome;
  readonly stdout: string;
  readonly stderr: string;
}

/** The failure of an outcome of this kind. */
export function failed(outcome: Outcome, kind: Outcome["kind"]) {
  assert.equal(outcome.kind, kind, JSON.stringify(outcome));
  assert.ok(outcome.kind !== "done");
  return outcome.failure;
}
