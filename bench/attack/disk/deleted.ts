import { attacker } from "../load.ts";
import { diskAttack } from "../disk.ts";

const MESSAGES_BEFORE = 600;
const MESSAGES_AFTER = 600;

export const walDeleted = diskAttack({
  name: "wal-deleted",
  sentence: "the write-ahead log is deleted while the broker runs; then kill -9",
  async attack(broker, messages, directory, stop) {
    await using first = await attacker(broker.url, stop);
    await messages.publish(first, MESSAGES_BEFORE);
    await Deno.remove(`${directory}/broker.sqlite-wal`);
    await using second = await attacker(broker.url, stop);
    await messages.publish(second, MESSAGES_AFTER).catch(() => {}); // counted as refused
  },
});

export const directoryReplaced = diskAttack({
  name: "directory-replaced",
  sentence: "the data directory is replaced by a copy of it while the broker runs; then kill -9",
  async attack(broker, messages, directory, stop) {
    await using first = await attacker(broker.url, stop);
    await messages.publish(first, MESSAGES_BEFORE);
    await Deno.rename(directory, `${directory}-before`);
    await Deno.mkdir(directory);
    for await (const { name } of Deno.readDir(`${directory}-before`)) {
      await Deno.copyFile(`${directory}-before/${name}`, `${directory}/${name}`);
    }
    await using second = await attacker(broker.url, stop);
    await messages.publish(second, MESSAGES_AFTER).catch(() => {}); // counted as refused
  },
});

export const databaseEmptied = diskAttack({
  name: "database-emptied",
  sentence: "an orderly stop, then the database is cut to 0 octets",
  async attack(broker, messages, directory, stop) {
    {
      await using peer = await attacker(broker.url, stop);
      await messages.publish(peer, MESSAGES_BEFORE + MESSAGES_AFTER);
    }
    await broker.stop();
    await Deno.truncate(`${directory}/broker.sqlite`, 0);
  },
});
