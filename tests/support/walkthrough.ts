import assert from "node:assert/strict";
import { EXECUTABLE, Worktool } from "./worktool.ts";

/**
 * Shorter than a second, and long enough that a heavy task outlasts a light one on a busy machine.
 */
const DOT = "400ms";

export interface WalkthroughOptions {
  /** Of a broker that has no queues yet. */
  readonly url: string;
  /** What its reader does to restart the broker. */
  readonly restart: () => Promise<void>;
}

/** A command, with the lines that the document shows below it. */
interface Step {
  /** Whether it goes on until Ctrl-C. */
  readonly stays: boolean;
  readonly command: string;
  readonly shown: readonly string[];
}

/**
 * Does what a part of a document says, from its first line to its last.
 *
 * It types each `$ command` of the code blocks, sees the lines below it printed, presses Ctrl-C in
 * every terminal where the prose says so, and restarts the broker where the prose says so. A worker
 * in `terminal 1$` or `terminal 2$` goes on meanwhile. The only thing that differs from what its
 * reader does is that a dot is shorter.
 */
export async function walkThrough(text: string, options: WalkthroughOptions): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "worktool-reader-" });
  const open: Typed[] = [];
  try {
    const wrapper = `#!/bin/sh\ncase $1 in work) set -- "$@" --dot ${DOT};; esac\n` +
      `exec ${EXECUTABLE} "$@"\n`;
    await Deno.writeTextFile(`${directory}/worktool`, wrapper, { mode: 0o755 });
    for (const [n, part] of text.split("```").entries()) {
      if (n % 2 === 0) {
        if (/\bCtrl-C\b/.test(withoutBroker(part))) await stopAll(open);
        if (/^Restart the broker\b/m.test(part)) await options.restart();
        continue;
      }
      for (const step of stepsOf(part)) {
        const typed = new Typed(step, { directory, url: options.url });
        open.push(typed);
        if (step.stays) await typed.worktool.line(/Waiting for messages/);
        else await open.pop()!.end();
      }
    }
    assert.deepEqual(open.map(({ step }) => step.command), [], "nobody is told to stop these");
  } finally {
    for (const { worktool } of open) await worktool[Symbol.asyncDispose]();
    await Deno.remove(directory, { recursive: true });
  }
}

/** A command as it was typed, and what it prints. */
class Typed {
  readonly step: Step;
  readonly worktool: Worktool;

  constructor(step: Step, { directory, url }: { directory: string; url: string }) {
    this.step = step;
    this.worktool = Worktool.start([step.command], {
      command: ["bash", "-c"],
      cwd: directory,
      env: { AMQP_URL: url, PATH: `${directory}:${Deno.env.get("PATH")}` },
    });
  }

  /** Waits for its end, and compares what it printed with what the document shows. */
  async end(): Promise<void> {
    const { shown, command } = this.step;
    const { stdout, stderr } = await this.worktool.exited;
    if (shown.length === 0) return;
    const printed = [stdout, stderr].join("").split("\n");
    const isTask = (line: string) => / \[x\] /.test(line);
    assert.deepEqual(printed.filter(isTask), shown.filter(isTask), command);
    for (const line of shown) {
      assert.ok(printed.some((one) => patternOf(line).test(one)), `${command}: ${line}`);
    }
  }

  /** Presses Ctrl-C, once everything that the document shows is there. */
  async stop(): Promise<void> {
    const counts = Map.groupBy(this.step.shown, (line) => line);
    for (const [line, same] of counts) {
      await this.worktool.printed(same.length, patternOf(line));
    }
    this.worktool.kill("SIGINT");
    await this.end();
  }
}

async function stopAll(open: Typed[]): Promise<void> {
  for (const typed of open.toReversed()) await typed.stop();
  open.length = 0;
}

function stepsOf(block: string): Step[] {
  const steps: { stays: boolean; command: string; shown: string[] }[] = [];
  for (const line of block.split("\n").slice(1)) {
    const [, terminal, command] = /^(terminal \d)?\$ (.*)$/.exec(line) ?? [];
    const stays = terminal !== undefined && command!.startsWith("worktool work");
    if (command !== undefined) steps.push({ stays, command, shown: [] });
    else if (line !== "") steps.at(-1)?.shown.push(line);
  }
  return steps;
}

/** A line of the document, in which … stands for anything. */
function patternOf(line: string): RegExp {
  return new RegExp(`^${line.split("…").map(RegExp.escape).join(".*")}$`);
}

/** Prose without the sentence that stops the broker, which is no worker. */
function withoutBroker(prose: string): string {
  return prose.replace(/stop `worktool broker` with\s+Ctrl-C/, "");
}
