import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BrokerServer } from "../../../src/broker/server.ts";

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "broker-"));
  try {
    await body(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const listen = (dataDirectory: string) => BrokerServer.listen({ port: 0, dataDirectory }, () => {});

Deno.test("a second broker on the same data directory is refused", () =>
  inDirectory(async (directory) => {
    {
      await using _first = await listen(directory);
      await assert.rejects(listen(directory), { name: "DataDirectoryError", message: /in use/ });
    }
    await using _again = await listen(directory);
  }));

Deno.test("a data directory that is a file is refused", () =>
  inDirectory(async (directory) => {
    const file = join(directory, "file");
    await writeFile(file, "");
    await assert.rejects(listen(file), { name: "DataDirectoryError", message: /cannot be used/ });
  }));

Deno.test("data of another version is refused", () =>
  inDirectory(async (directory) => {
    const database = new DatabaseSync(join(directory, "broker.sqlite"));
    database.exec("PRAGMA user_version = 999");
    database.close();
    await assert.rejects(listen(directory), { name: "DataDirectoryError", message: /format 999/ });
  }));

Deno.test("closing twice is closing once", async () => {
  const server = await BrokerServer.listen({ port: 0 }, () => {});
  await Promise.all([server.close(), server.close()]);
});
