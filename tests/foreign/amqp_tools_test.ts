/**
 * Debian's amqp-tools, on the C library rabbitmq-c: one short connection a command.
 *
 * They neither ask for confirms nor reject: what a command fails on is given back as they leave.
 */
import assert from "node:assert/strict";
import { type Exit, Worktool } from "../support/worktool.ts";
import { foreignTests, restart } from "./foreign_client.ts";

/** amqp-get's exit code for an empty queue. */
const EMPTY = 2;

const on = foreignTests("amqp-tools", missing());

on.eachBroker("work through a durable queue", async (broker) => {
  const { url } = broker;
  const name = broker.queue();
  assert.equal((await tool("amqp-declare-queue", url, "-q", name, "-d")).stdout, `${name}\n`);
  await tool("amqp-publish", url, "-r", name, "-p", "-b", "one");
  await withInput("two\nthree\n", "amqp-publish", url, "-r", name, "-p", "-l");
  assert.equal((await tool("amqp-get", url, "-q", name)).stdout, "one");
  const consumed = await tool("amqp-consume", url, "-q", name, "-p", "1", "-c", "2", "cat");
  assert.equal(consumed.stdout, "two\nthree\n");
  assert.equal((await fails("amqp-get", url, "-q", name)).code, EMPTY);
  assert.equal((await tool("amqp-delete-queue", url, "-q", name)).stdout, "0\n");
});

on.eachBroker("give back what a command fails on", async (broker) => {
  const queue = broker.queue();
  await tool("amqp-declare-queue", broker.url, "-q", queue, "-d");
  await tool("amqp-publish", broker.url, "-r", queue, "-p", "-b", "bad");
  await tool("amqp-consume", broker.url, "-q", queue, "-c", "1", "grep", "good");
  const [message, ...more] = await broker.take(queue);
  assert.equal(message?.content.toString(), "bad");
  assert.equal(message?.fields.redelivered, true);
  assert.deepEqual(more, []);
});

on.eachBroker("are told what they did wrong", async (broker) => {
  const { url } = broker;
  const name = broker.queue();
  await tool("amqp-declare-queue", url, "-q", name, "-d");
  await tool("amqp-publish", url, "-r", name, "-b", "x");
  const wrongPassword = url.replace("guest:guest", "guest:wrong");
  const refused: [text: RegExp, exit: Promise<Exit>][] = [
    [/406.*'durable'/, fails("amqp-declare-queue", url, "-q", name)],
    [/406.*not empty/, fails("amqp-delete-queue", url, "-q", name, "--if-empty")],
    [/404.*no queue/, fails("amqp-get", url, "-q", broker.queue())],
    [/404.*no exchange/, fails("amqp-publish", url, "-e", broker.queue(), "-r", name, "-b", "x")],
    [/403.*refused/, fails("amqp-get", wrongPassword, "-q", name)],
    [/530.*vhost nowhere/, fails("amqp-get", `${url}nowhere`, "-q", name)],
  ];
  for (const [text, exit] of refused) assert.match((await exit).stderr, text);
});

on.ownBroker("outlive a restart of the broker", async (broker) => {
  const { url } = broker;
  await tool("amqp-declare-queue", url, "-q", "durable", "-d");
  await tool("amqp-declare-queue", url, "-q", "idle", "-d");
  await tool("amqp-publish", url, "-r", "durable", "-p", "-b", "kept");
  await using waiting = start("amqp-consume", url, "-q", "idle", "cat");
  await withInput("consuming\n", "amqp-publish", url, "-r", "idle", "-l");
  await waiting.line(/^consuming$/);
  await restart(broker);
  const { code, stderr } = await waiting.exited;
  assert.notEqual(code, 0);
  assert.match(stderr, /connection closed/);
  assert.equal((await tool("amqp-get", url, "-q", "durable")).stdout, "kept");
});

/** Runs a tool that must succeed. */
async function tool(name: string, url: string, ...args: string[]): Promise<Exit> {
  return succeeded(name, await run(name, url, ...args));
}

async function withInput(stdin: string, name: string, url: string, ...args: string[]) {
  return succeeded(name, await Worktool.run(args, { command: command(name, url), stdin }));
}

function succeeded(name: string, exit: Exit): Exit {
  assert.equal(exit.code, 0, `${name}: ${exit.stderr}`);
  return exit;
}

/** Runs a tool that must fail. */
async function fails(name: string, url: string, ...args: string[]): Promise<Exit> {
  const exit = await run(name, url, ...args);
  assert.notEqual(exit.code, 0, `${name} ${args.join(" ")} succeeded: ${exit.stdout}`);
  return exit;
}

function run(name: string, url: string, ...args: string[]): Promise<Exit> {
  return Worktool.run(args, { command: command(name, url) });
}

function start(name: string, url: string, ...args: string[]): Worktool {
  return Worktool.start(args, { command: command(name, url) });
}

/** The slash that ends the URL would be an empty virtual host to rabbitmq-c. */
function command(name: string, url: string): string[] {
  return [name, `--url=${url.replace(/\/$/, "")}`];
}

function missing(): string | undefined {
  try {
    new Deno.Command("amqp-publish", { args: ["--help"] }).outputSync();
    return undefined;
  } catch {
    return "amqp-tools";
  }
}
