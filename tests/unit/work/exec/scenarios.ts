/**
 * What a command may do, with real processes. Run by `command_runner_test.ts`, in Deno and in Bun:
 * their `node:child_process` differ, and the executable has Bun's.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setImmediate } from "node:timers/promises";
import { parseExitRules } from "../../../../src/work/exec/exit_rules.ts";
import { deliveryOf } from "../../../support/delivery.ts";
import { failed, Rig } from "./rig.ts";

const sha256 = (body: Uint8Array | string) => createHash("sha256").update(body).digest("hex");

const DONE = { kind: "done" };

/** Each rejects where it fails. */
export const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  async "the body comes to stdin byte for byte"() {
    const bodies = [
      "",
      "hello\n",
      "no newline",
      Uint8Array.of(0xff, 0x00, 0xfe, 0x0a),
      Buffer.alloc(10_000_000, "0123456789abcde\n"),
    ];
    await using rig = new Rig({ script: "sha256sum" });
    for (const body of bodies) {
      assert.deepEqual(await rig.run(body), DONE);
      assert.ok(rig.text.stdout.endsWith(`${sha256(body)}  -\n`));
    }
  },

  async "/dev/stdin can be opened"() {
    assert.equal((await Rig.run({ script: "cat /dev/stdin" }, "hello")).stdout, "hello\n");
  },

  async "a body that is not read, or read in part, is no failure"() {
    const body = Buffer.alloc(10_000_000);
    for (const script of ["exit 0", "exec <&-", "head -c 3 >/dev/null"]) {
      assert.deepEqual((await Rig.run({ script }, body)).outcome, DONE, script);
    }
  },

  async "where no file can be written, the body comes by a pipe"() {
    await withTmpdir("/nowhere", async () => {
      const body = Buffer.alloc(10_000_000, "ab");
      assert.equal((await Rig.run({ script: "sha256sum" }, body)).stdout, `${sha256(body)}  -\n`);
      for (const script of ["exit 0", "exec <&-", "head -c 3 >/dev/null"]) {
        assert.deepEqual((await Rig.run({ script }, body)).outcome, DONE, script);
      }
      const { outcome } = await Rig.run({ script: "", bodyPlace: "file" }, "x");
      assert.match(failed(outcome, "retry").reason, /^cannot write the body to a file: .*ENOENT/);
    });
  },

  async "the command has its own session, our environment and its task's variables"() {
    const { stdout } = await Rig.run({
      script:
        'ps -o pgid=,sid= -p $$; echo $$; echo "$X $WORKTOOL_ATTEMPT ${WORKTOOL_DEADLINE-unset}"',
      environment: { ...process.env, X: "x", WORKTOOL_DEADLINE: "old" },
    });
    const [ids, pid, variables] = stdout.trim().split("\n");
    assert.deepEqual(ids!.trim().split(/ +/), [pid, pid]);
    assert.equal(variables, "x 1 unset");
  },

  async "a deadline is told where there is a timeout"() {
    const before = Date.now();
    const { stdout } = await Rig.run({ script: "echo $WORKTOOL_DEADLINE", timeoutMs: 3_600_000 });
    const deadline = Date.parse(stdout.trim()) - 3_600_000;
    assert.ok(before <= deadline && deadline <= Date.now());
    assert.match(stdout, /^\d{4}-\d\d-\d\dT.*Z\n$/);
  },

  async "the exit status is the outcome"() {
    const table: [string, string, string?][] = [
      ["exit 0", "done"],
      ["exit 1", "retry", "exit status 1"],
      ["exit 65", "dead", "exit status 65"],
      ["exit 126", "stop", "exit status 126"],
      ["exit 255", "retry", "exit status 255"],
      ["kill -SEGV $$", "retry", "signal SIGSEGV"],
      ["kill -KILL $$", "retry", "signal SIGKILL"],
    ];
    for (const [script, kind, reason] of table) {
      const { outcome } = await Rig.run({ script });
      assert.equal(outcome.kind, kind, script);
      if (reason) assert.equal(failed(outcome, outcome.kind).reason, reason);
    }
    const exitRules = parseExitRules("0=reject,3=ack,signal=dead");
    assert.deepEqual((await Rig.run({ script: "exit 3", exitRules })).outcome, DONE);
    failed((await Rig.run({ script: "exit 0", exitRules })).outcome, "reject");
    failed((await Rig.run({ script: "kill -9 $$", exitRules })).outcome, "dead");
  },

  async "a command that cannot be run stops the worker"() {
    await withDirectory(async (directory) => {
      const file = (name: string, text: string, mode: number) => {
        writeFileSync(join(directory, name), text);
        chmodSync(join(directory, name), mode);
        return join(directory, name);
      };
      const table: [string, number][] = [
        [join(directory, "missing"), 127],
        ["worktool-no-such-command", 127],
        [file("no-interpreter", "#!/nowhere/sh\n", 0o755), 127],
        [file("not-executable", "#!/bin/sh\n", 0o644), 126],
        [directory, 126],
        [join(file("a-file", "", 0o755), "below"), 126],
      ];
      for (const [command, exitStatus] of table) {
        const { outcome } = await Rig.run({ file: command }, "body");
        const failure = failed(outcome, "stop");
        assert.equal(failure.exitStatus, exitStatus, command);
        assert.ok(failure.reason.includes(command), failure.reason);
      }
      const exitRules = parseExitRules("127=dead");
      failed((await Rig.run({ file: "worktool-no-such-command", exitRules })).outcome, "dead");
    });
  },

  async "the body can be the last argument, or take the place of {}"() {
    const echo = 'printf "<%s>" "$@"; wc -c';
    const { stdout } = await Rig.run({
      file: "sh",
      args: ["-c", echo, "sh", "a b", "--x={}"],
      bodyPlace: "arg",
    }, "it's $HOME\n");
    assert.equal(stdout, "<a b><--x=it's $HOME\n><it's $HOME\n>0\n", "stdin is empty");
    assert.equal((await Rig.run({ script: echo, bodyPlace: "arg" }, "")).stdout, "<>0\n");
    const both = { file: "sh", args: ["-c", echo, "sh", "{}"] };
    assert.equal((await Rig.run(both, "héllo")).stdout, "<héllo>6\n");
  },

  async "a body that no argument can hold is dead"() {
    const table: [Uint8Array | string, RegExp][] = [
      ["a\0b", /zero byte/],
      [Uint8Array.of(0xff), /UTF-8/],
      ["x".repeat(10_000_000), /too large/],
    ];
    for (const [body, reason] of table) {
      const { outcome } = await Rig.run({ script: "exit 0", bodyPlace: "arg" }, body);
      assert.match(failed(outcome, "dead").reason, reason);
    }
  },

  async "a private file with the body, removed afterwards"() {
    await withDirectory(async (directory) => {
      await withTmpdir(directory, async () => {
        await using rig = new Rig({
          script: 'wc -c; ls -ld "$(dirname "$1")" | cut -c1-10; ls -l "$1" | cut -c1-10; ' +
            'cat "$1" | sha256sum; exit 3',
          bodyPlace: "file",
        });
        const body = Buffer.alloc(10_000_000, 0xff);
        failed(await rig.run(body), "retry");
        assert.equal(rig.text.stdout, `0\ndrwx------\n-rw-------\n${sha256(body)}  -\n`);
        const [made] = readdirSync(directory);
        assert.deepEqual(readdirSync(join(directory, made!)), []);
      });
      assert.deepEqual(readdirSync(directory), [], "nothing is left after close");
    });
  },

  async "a command may remove its file"() {
    const { outcome } = await Rig.run({ script: 'rm "$1"', bodyPlace: "file" }, "x");
    assert.deepEqual(outcome, DONE);
  },

  async "a timeout ends the group with SIGTERM"() {
    const { outcome } = await Rig.run({ script: "sleep 1000; exit 0", timeoutMs: 50 });
    const failure = failed(outcome, "retry");
    assert.deepEqual(failure, { reason: "timeout after 50ms", signal: "SIGTERM" });
  },

  async "an abort rejects when the command is gone"() {
    await using rig = new Rig({
      // In the background: a shell that is just forking loses what comes for its child.
      script: "trap 'echo ending; exit 0' TERM; sleep 1000 & echo $$; wait",
    });
    const task = rig.run();
    await rig.written("\n");
    rig.abort(new Error("over"));
    await assert.rejects(task, /over/);
    assert.match(rig.text.stdout, /ending/);
    const pid = Number.parseInt(rig.text.stdout);
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" }, "it is reaped");
  },

  async "an abort before the start starts nothing"() {
    await using rig = new Rig({ script: "echo started" });
    rig.abort(new Error("over"));
    await assert.rejects(rig.run(), /over/);
    assert.equal(rig.text.stdout, "");
  },

  async "an abort also ends a command that ignores SIGTERM, and removes its file"() {
    await withDirectory(async (directory) => {
      await withTmpdir(directory, async () => {
        await using rig = new Rig({
          script: "trap '' TERM; echo $1; while :; do sleep 1000; done",
          bodyPlace: "file",
          killAfterMs: 50,
        });
        const task = rig.run();
        await rig.written("\n");
        assert.ok(existsSync(rig.text.stdout.trim()));
        rig.abort(new Error("over"));
        await assert.rejects(task, /over/);
        assert.ok(!existsSync(rig.text.stdout.trim()));
      });
    });
  },

  async "an abort does not wait for a reader of the output"() {
    const reading = Promise.withResolvers<void>();
    await using rig = new Rig({
      script: "echo line",
      output: {
        mode: "prefix",
        onOutput() {
          reading.resolve();
          return new Promise(() => {});
        },
      },
    });
    const task = rig.run();
    await reading.promise;
    rig.abort(new Error("over"));
    await assert.rejects(task, /over/);
  },

  async "killAll ends everything at once"() {
    await using rig = new Rig({ script: "trap '' TERM; echo up; while :; do sleep 1000; done" });
    const tasks = [rig.run(), rig.run()];
    await rig.written("up\nup\n");
    rig.runner.killAll();
    for (const task of tasks) assert.equal(failed(await task, "retry").signal, "SIGKILL");
  },

  async "what a command leaves in its group ends with it"() {
    await withDirectory(async (directory) => {
      const fifo = join(directory, "fifo");
      execFileSync("mkfifo", [fifo]);
      const written = readFile(fifo, "utf8"); // ends when no process holds it open any more
      const { outcome } = await Rig.run({
        script: "exec 3>\"$F\"; (trap '' TERM HUP; echo up >&3; exec sleep 1000) & exit 0",
        environment: { ...process.env, F: fifo },
      });
      assert.deepEqual(outcome, DONE);
      assert.match(await written, /^(up\n)?$/);
    });
  },

  async "a daemon that holds the output open is not waited for"() {
    await withDirectory(async (directory) => {
      const fifo = join(directory, "fifo");
      const { outcome, stdout } = await Rig.run({
        script: 'mkfifo "$F"; setsid sh -c \'echo $$ >"$F"; exec sleep 1000\' & read pid <"$F"; ' +
          "echo $pid; printf end",
        environment: { ...process.env, F: fifo },
      });
      process.kill(Number.parseInt(stdout), "SIGKILL"); // it escaped, and runs
      assert.deepEqual(outcome, DONE);
      assert.match(stdout, /^\d+\nend\n$/);
    });
  },

  async "a command that writes 200 MB waits for its reader"() {
    const bytes = 200_000_000;
    let got = 0;
    let reading = 0;
    const before = process.memoryUsage().rss;
    let grown = 0;
    await using rig = new Rig({
      script: `head -c ${bytes} /dev/zero`,
      output: {
        mode: "prefix",
        async onOutput(_, __, lines) {
          assert.equal(++reading, 1, "no more before the last is taken");
          got += lines.length - lines.filter((byte) => byte === 10).length;
          grown = Math.max(grown, process.memoryUsage().rss - before);
          await setImmediate();
          reading--;
        },
      },
    });
    assert.deepEqual(await rig.run(), DONE);
    assert.equal(got, bytes);
    assert.ok(grown < bytes / 2, `${grown} bytes more in memory`);
  },

  async "a reader that fails ends the command, and the handler fails as it did"() {
    await using rig = new Rig({
      script: "echo line; while :; do sleep 1000; done",
      output: {
        mode: "prefix",
        onOutput: () => Promise.reject(new Error("disk full")),
      },
    });
    await assert.rejects(rig.run(), /disk full/);
  },

  async "lines come whole, the last one with its newline"() {
    const script = "printf 'a\\nb'; printf 'é€' | head -c 3; sleep 0.05; printf '\\202\\254'";
    assert.equal((await Rig.run({ script })).stdout, "a\nbé\u{20ac}\n".normalize());
    const long = await Rig.run({ script: "head -c 200000 /dev/zero | tr '\\0' x; echo; echo y" });
    assert.deepEqual(long.stdout.split("\n").map((line) => line.length), [
      65536,
      65536,
      65536,
      3392,
      1,
      0,
    ]);
  },

  async "a failure brings the end of stderr, 2 KiB of it"() {
    const script = "head -c 5000 /dev/zero | tr '\\0' x >&2; printf 'the é end' >&2; exit 1";
    for (const mode of ["prefix", "discard"] as const) {
      const output = mode === "prefix" ? { mode, onOutput: () => {} } : { mode };
      const { stderr } = failed((await Rig.run({ script, output })).outcome, "retry");
      assert.equal(Buffer.byteLength(stderr!), 2048);
      assert.match(stderr!, /^x+the é end$/);
    }
    const quiet = failed((await Rig.run({ script: "exit 1" })).outcome, "retry");
    assert.ok(!("stderr" in quiet));
  },

  async "twenty at a time stay apart"() {
    const of = new Map<number, string>();
    await using rig = new Rig({
      script: "cat; cat /dev/null; echo $WORKTOOL_ATTEMPT",
      output: {
        mode: "prefix",
        onOutput({ delivery: { deliveryTag } }, _, lines) {
          of.set(deliveryTag, (of.get(deliveryTag) ?? "") + Buffer.from(lines).toString());
        },
      },
    });
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 20 }, (_, i) => {
      const delivery = deliveryOf(`task ${i}\n`, { deliveryTag: i });
      return rig.runner.handle(delivery, { attempt: i, abort: signal });
    }));
    for (let i = 0; i < 20; i++) assert.equal(of.get(i), `task ${i}\n${i}\n`);
  },

  async "closing leaves nothing behind"() {
    await withDirectory(async (directory) => {
      await withTmpdir(directory, async () => {
        const rig = new Rig({ script: "echo up; while :; do sleep 1000; done" });
        const task = rig.run("body");
        await rig.written("up");
        await rig.runner[Symbol.asyncDispose]();
        assert.equal(failed(await task, "retry").signal, "SIGKILL");
        await rig.runner[Symbol.asyncDispose]();
      });
      assert.deepEqual(readdirSync(directory), []);
    });
  },
};

async function withDirectory(use: (path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "worktool-test-"));
  try {
    await use(path);
  } finally {
    rmSync(path, { recursive: true });
  }
}

async function withTmpdir(path: string, use: () => Promise<void>): Promise<void> {
  const { TMPDIR } = process.env;
  process.env["TMPDIR"] = path;
  try {
    await use();
  } finally {
    if (TMPDIR === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = TMPDIR;
  }
}
