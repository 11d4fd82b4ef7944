/**
 * Runs all tests (or the files named as arguments) and ends with one line, `N passed, N failed`.
 *
 * They run on an embedded broker that is started here, and on RabbitMQ where there is one; as many
 * files at a time as there are cores (or DENO_JOBS), since much of it is waiting for brokers to start.
 * With WORKTOOL_TEST_REQUIRE_RABBITMQ=1 it fails where the tests on RabbitMQ could not run.
 */
import { EXECUTABLE } from "./support/worktool.ts";

const required = Deno.env.get("WORKTOOL_TEST_REQUIRE_RABBITMQ") === "1";
const files = Deno.args.length > 0 ? Deno.args : ["tests/"];
const directory = await Deno.makeTempDir();
const junit = `${directory}/junit.xml`;

const broker = await startBroker(`${directory}/broker`);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "--parallel", "--allow-all", "--no-check", `--junit-path=${junit}`, ...files],
  env: {
    WORKTOOL_TEST_BROKER_URL: broker.url,
    WORKTOOL_TEST_BROKER_COMMAND: `${EXECUTABLE} broker`,
  },
}).spawn().status;
const brokerCode = await broker.stop();

const report = await Deno.readTextFile(junit).catch(() => "");
await Deno.remove(directory, { recursive: true });

/** Test cases as `deno test` reports them: one for each test and each of its steps. */
const cases = report.split("<testcase ").slice(1);
const name = (text: string) => /^name="([^"]*)"/.exec(text)![1]!.replaceAll("&gt;", ">");
const skipped = cases.filter((text) => text.includes("<skipped"));
const failed = cases.filter((text) => text.includes("<failure") || text.includes("<error"));
const onRabbitMq = cases.filter((text) => /\[RabbitMQ/.test(name(text)));
const ran = onRabbitMq.filter((text) => !skipped.includes(text));

let failures = failed.length;
if (brokerCode !== 0) {
  console.log(`\nThe embedded broker did not stop in order: exit code ${brokerCode}.`);
  failures++;
}
if (skipped.length > 0) {
  console.log(`\nSkipped:\n${skipped.map((text) => `  ${name(text)}`).join("\n")}`);
}
if (onRabbitMq.length > ran.length || ran.length === 0) {
  console.log(
    "\nTo run all tests on RabbitMQ, start RabbitMQ on localhost:5672 (Debian: apt-get install rabbitmq-server),\n" +
      "or name one with WORKTOOL_TEST_RABBITMQ_URL=amqp://user:password@host:port/",
  );
}
if (required && (ran.length === 0 || onRabbitMq.length > ran.length)) {
  console.log("\nThe tests on RabbitMQ are required here, and not all of them ran.");
  failures++;
}
if (code !== 0 && failures === 0) failures++; // it failed outside any test
const passed = cases.length - skipped.length - failed.length;
const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
console.log(`\n${passed} passed, ${failures} failed${tail}`);
Deno.exit(failures > 0 ? 1 : 0);

/** The embedded broker for all tests, durable, on a free port. */
async function startBroker(data: string) {
  const process = new Deno.Command(EXECUTABLE, {
    args: ["broker", "--port", "0", "--data", data],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await reader.read();
  if (!value) throw new Error("the embedded broker did not start");
  return {
    url: value.trim().replace("amqp://", "amqp://guest:guest@"),
    async stop() {
      process.kill("SIGTERM");
      await reader.cancel();
      return (await process.status).code;
    },
  };
}
