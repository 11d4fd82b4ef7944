/** A task that kills its worker, every time. */
import assert from "node:assert/strict";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { eventually } from "../support/deadline.ts";
import type { Exit } from "../support/worktool.ts";

/** Kills the worker, or tells what it has done; a good task takes longer than the worker lives. */
const COMMAND = [
  ...["sh", "-c"],
  '[ "$1" = poison ] && sleep 0.05 && kill -9 $PPID; sleep 0.2; echo "$1"',
  ...["sh", "{}"],
];

const ATTEMPTS = 3;
/**
 * A neighbour that comes back from its retry queue in the very moment of the last attempt dies with
 * it, and a busy machine makes that moment long.
 */
const BACKOFF = "10s";
const KILLED = 137;
const SOME_TASK_FAILED = 1;

for (const type of ["classic", "quorum"]) {
  brokerTest(
    `a poison task kills ${ATTEMPTS} workers and is dead, the others are done (${type})`,
    async (broker) => {
      const good = numbered(6);
      const { codes, done, dead } = await drain(broker, {
        tasks: good.toSpliced(3, 0, "poison"),
        flags: ["--queue-type", type, "--concurrency", "1"],
      });
      assert.deepEqual(codes, [KILLED, KILLED, KILLED, SOME_TASK_FAILED]);
      assert.deepEqual(done, new Set(good));
      assert.deepEqual(dead, ["poison"]);
    },
  );

  brokerTest(`tasks next to a poison task do not die with it (${type})`, async (broker) => {
    const good = numbered(16);
    const { codes, done, dead } = await drain(broker, {
      tasks: good.toSpliced(6, 0, "poison"),
      flags: ["--queue-type", type, "--concurrency", "4"],
    });
    assert.deepEqual(dead, ["poison"]);
    assert.deepEqual(done, new Set(good));
    assert.deepEqual(codes.slice(0, 4), [KILLED, KILLED, KILLED, SOME_TASK_FAILED]);
  });
}

interface Drained {
  /** How its workers ended, one after the other. */
  readonly codes: readonly number[];
  /** What the command has printed. */
  readonly done: ReadonlySet<string>;
  readonly dead: readonly string[];
}

/** Starts a worker again and again until the queue is empty. */
async function drain(
  broker: Broker,
  { tasks, flags }: { readonly tasks: readonly string[]; readonly flags: readonly string[] },
): Promise<Drained> {
  const queue = broker.queue();
  const deadLetterQueue = broker.derivedQueue(`${queue}.dead`);
  const type = flags.slice(0, 2);
  const sent = await broker.run("send", queue, [...type, "--lines"], { stdin: tasks.join("\n") });
  assert.equal(sent.code, 0, sent.stderr);
  const limits = ["--attempts", `${ATTEMPTS}`, "--backoff", BACKOFF, "--until-empty"];
  const args = [...flags, ...limits, "--", ...COMMAND];
  const exits: Exit[] = [];
  do {
    assert.ok(exits.length <= 2 * ATTEMPTS, "a poison task is tried again and again");
    exits.push(await broker.run("work", queue, args));
  } while (exits.at(-1)!.code === KILLED);
  const done = () => new Set(exits.flatMap(({ stdout }) => stdout.match(/^\d+$/gm) ?? []));
  // What a killed worker had snoozed comes back in its time, and nobody else knows of it.
  while (done().size + (await broker.depth(deadLetterQueue)).ready < tasks.length) {
    await eventually("a snoozed task comes back", async () => {
      return (await broker.depth(queue)).ready > 0;
    });
    exits.push(await broker.run("work", queue, args));
  }
  assert.equal((await broker.depth(queue)).ready, 0);
  return {
    codes: exits.map(({ code }) => code),
    done: done(),
    dead: await broker.takeBodies(deadLetterQueue),
  };
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${n + 1}`);
}
