import { connect } from "amqplib";
import { type InstalledRabbitMq, releaseOf, type SharedBroker } from "./broker_list.ts";

const DEFAULT_URL = "amqp://guest:guest@localhost:5672/";
const DEFAULT_SCRIPTS = "/usr/lib/rabbitmq/bin";
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * The RabbitMQ brokers that WORKTOOL_TEST_RABBITMQ_URLS names, separated by commas, or the one of
 * this machine where it answers.
 *
 * @throws {Error} one that was named does not answer
 */
export async function findSharedRabbitMq(): Promise<SharedBroker[]> {
  const urls = Deno.env.get("WORKTOOL_TEST_RABBITMQ_URLS");
  if (urls) return await Promise.all(urls.split(",").map(look));
  return await look(DEFAULT_URL).then((broker) => [broker], () => []);
}

/**
 * RabbitMQ as it is installed here: WORKTOOL_TEST_RABBITMQ_SCRIPTS, folders separated by commas.
 */
export async function findInstalledRabbitMq(): Promise<InstalledRabbitMq[]> {
  const folders = Deno.env.get("WORKTOOL_TEST_RABBITMQ_SCRIPTS");
  if (folders) return await Promise.all(folders.split(",").map(installation));
  return await installation(DEFAULT_SCRIPTS).then((found) => [found], () => []);
}

async function look(url: string): Promise<SharedBroker> {
  const connection = await connect(url, { timeout: CONNECT_TIMEOUT_MS }).catch((cause) => {
    throw new Error(`no RabbitMQ at ${new URL(url).host}`, { cause });
  });
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return { name: `RabbitMQ ${version}`, release: releaseOf(version), url };
}

async function installation(scripts: string): Promise<InstalledRabbitMq> {
  const command = new Deno.Command(`${scripts}/rabbitmqctl`, {
    args: ["--quiet", "version"],
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  const version = new TextDecoder().decode(stdout).trim();
  if (!success) throw new Error(`${scripts}: ${new TextDecoder().decode(stderr)}`);
  return { name: `RabbitMQ ${version}`, release: releaseOf(version), scripts };
}
