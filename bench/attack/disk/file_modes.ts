import type { Attack } from "../attack.ts";
import { AttackedBroker } from "../attacked_broker.ts";
import { attacker } from "../load.ts";
import { NumberedMessages } from "../numbered_messages.ts";
import { scratchDirectory } from "../scratch_directory.ts";

const MESSAGES = 20;
/** Rights of everybody but the owner. */
const OTHERS = 0o077;

export const fileModes: Attack = {
  name: "file-modes",
  sentence: "the broker starts with umask 000; then on a directory that all may read",
  async run({ executable, stop }) {
    await using directory = await scratchDirectory();
    const { path } = directory;
    const modes: string[] = [];
    let open = 0;
    for (const life of ["new", "older"]) {
      if (life === "older") await openToAll(path);
      await using broker = await AttackedBroker.start(executable, path);
      await using peer = await attacker(broker.url, stop);
      await new NumberedMessages().publish(peer, MESSAGES);
      const found = await modesOf(path);
      open += found.filter((mode) => (mode & OTHERS) !== 0).length;
      const shown = found.map((mode) => mode.toString(8).padStart(4, "0"));
      modes.push(`${life}: ${[...new Set(shown)].join(", ")}`);
    }
    return {
      measured: modes.join("; "),
      goal: "0700 and 0600",
      met: open === 0,
      figures: { open },
    };
  },
};

/** As an older version left it. */
async function openToAll(directory: string): Promise<void> {
  await Deno.chmod(directory, 0o755);
  for await (const { name } of Deno.readDir(directory)) {
    await Deno.chmod(`${directory}/${name}`, 0o644);
  }
}

/** The directory's and its files'. */
async function modesOf(directory: string): Promise<number[]> {
  const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  const paths = [directory, ...names.map((name) => `${directory}/${name}`)];
  return await Promise.all(paths.map(async (path) => (await Deno.stat(path)).mode! & 0o777));
}
