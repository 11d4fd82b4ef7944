import { Buffer } from "node:buffer";
import { attacker } from "../load.ts";
import { diskAttack } from "../disk.ts";

const MESSAGES = 1_200;

/** Changes octets of a file where it is. */
async function flip(file: string, at: (bytes: Buffer) => number, octets: number): Promise<void> {
  const bytes = Buffer.from(await Deno.readFile(file));
  const from = at(bytes);
  for (let offset = from; offset < from + octets; offset++) bytes[offset] = ~bytes[offset]! & 0xff;
  await Deno.writeFile(file, bytes);
}

export const walFlipped = diskAttack({
  name: "wal-flipped",
  sentence: "kill -9, then 8 octets are altered at 10 % of the write-ahead log",
  async attack(broker, messages, directory, stop) {
    await using peer = await attacker(broker.url, stop);
    await messages.publish(peer, MESSAGES);
    await broker.kill();
    await flip(`${directory}/broker.sqlite-wal`, ({ length }) => Math.floor(length / 10), 8);
  },
});

export const bodyFlipped = diskAttack({
  name: "body-flipped",
  sentence: "an orderly stop, then an octet of one body is altered in the database",
  async attack(broker, messages, directory, stop) {
    {
      await using peer = await attacker(broker.url, stop);
      await messages.publish(peer, MESSAGES);
    }
    await broker.stop();
    await flip(`${directory}/broker.sqlite`, (bytes) => bytes.indexOf("<700><700><700>") + 1, 1);
  },
});
