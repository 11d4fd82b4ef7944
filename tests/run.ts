// deno-lint-ignore-file no-console -- it prints to the terminal
/**
 * Runs all tests (or the files named as arguments) and ends with one line, `N passed, N failed`.
 *
 * They run on an embedded broker that is started here, and on RabbitMQ where there is one; one file
 * more at a time than there are cores (or DENO_JOBS), since much of it is waiting for brokers to
 * start.
 *
 * - WORKTOOL_TEST_RABBITMQ_URLS: brokers to run them on, separated by commas, each of another
 *   release
 * - WORKTOOL_TEST_RABBITMQ_SCRIPTS: folders with `rabbitmq-server` and `rabbitmqctl`, for tests
 *   that start a node of their own
 * - WORKTOOL_TEST_REQUIRE_RABBITMQ: releases without which the run fails, as in "3.10,4.0"
 * - WORKTOOL_TEST_LEFT_OUT: what the caller could not bring up, and why; said at the end
 * - WORKTOOL_TEST_REPORT: a file to write a report to, as JUnit does
 */
import { brokerListEnvironment, type EmbeddedRelease } from "./support/broker_list.ts";
import { EmbeddedBroker } from "./support/embedded_broker.ts";
import { findInstalledRabbitMq, findSharedRabbitMq } from "./support/find_rabbitmq.ts";
import { testCases } from "./support/test_report.ts";

/** So much of a failure is repeated at the end. */
const FAILURE_LINES = 20;

const required = Deno.env.get("WORKTOOL_TEST_REQUIRE_RABBITMQ")?.split(",") ?? [];
const files = Deno.args.length > 0 ? Deno.args : ["tests/"];
const directory = await Deno.makeTempDir();
const junit = Deno.env.get("WORKTOOL_TEST_REPORT") ?? `${directory}/junit.xml`;

const embedded: EmbeddedRelease = {
  name: "embedded",
  release: "4.3",
  options: [],
};
const older = (["3.10", "4.0"] as const).map((release): EmbeddedRelease => ({
  name: `embedded, like ${release}`,
  release,
  options: ["--like", release],
}));
const [rabbitMqs, installedRabbitMqs] = await Promise.all([
  findSharedRabbitMq(),
  findInstalledRabbitMq(),
]);
const brokers = await Promise.all(
  [embedded, ...older].map(({ options }) => EmbeddedBroker.start(options)),
);
const [broker, ...olderBrokers] = brokers;
const jobs = Deno.env.get("DENO_JOBS") ?? String(navigator.hardwareConcurrency + 1);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["test", "--parallel", "--allow-all", "--no-check", `--junit-path=${junit}`, ...files],
  env: {
    DENO_JOBS: jobs,
    ...brokerListEnvironment({
      shared: [{ name: embedded.name, release: embedded.release, url: broker!.url }, ...rabbitMqs],
      older: olderBrokers.map(({ url }, at) => ({ ...older[at]!, url })),
      rabbitMqs: installedRabbitMqs,
      embedded: [embedded],
    }),
  },
}).spawn().status;
const brokerCodes = await Promise.all(brokers.map((one) => one.stop()));
await Promise.all(brokers.map((one) => one[Symbol.asyncDispose]()));

const report = await Deno.readTextFile(junit).catch(() => "");
await Deno.remove(directory, { recursive: true });

const cases = testCases(report);
const skipped = cases.filter(({ outcome }) => outcome === "skipped");
const failed = cases.filter(({ outcome }) => outcome === "failed");

let failures = failed.length;
if (brokerCodes.some((code) => code !== 0)) {
  console.log(`\nAn embedded broker did not stop in order: exit codes ${brokerCodes}.`);
  failures++;
}
if (skipped.length > 0) {
  console.log(`\nSkipped:\n${skipped.map(({ name }) => `  ${name}`).join("\n")}`);
}
const ranOn = ["the embedded broker", ...rabbitMqs.map(({ name }) => name)].join(", ");
console.log(`\nRan on ${ranOn}.`);
if (rabbitMqs.length === 0) {
  console.log(
    "To run all tests on RabbitMQ, start RabbitMQ on localhost:5672 (Debian: apt-get install rabbitmq-server),\n" +
      "or name others with WORKTOOL_TEST_RABBITMQ_URLS=amqp://user:password@host:port/,…",
  );
}
const leftOut = Deno.env.get("WORKTOOL_TEST_LEFT_OUT");
if (leftOut) console.log(leftOut);
for (const release of required) {
  const found = [rabbitMqs, installedRabbitMqs].every((all) =>
    all.some((one) => one.release === release)
  );
  if (found) continue;
  console.log(`The tests on RabbitMQ ${release} are required here, and did not run.`);
  failures++;
}
if (code !== 0 && failures === 0) failures++; // it failed outside any test
// Again, in short: of a long run, the last lines are what a reader sees.
for (const { name, file, failure = "" } of failed) {
  const lines = failure.trimEnd().split("\n").slice(0, FAILURE_LINES);
  console.log(`\nFailed: ${name} (${file})\n${lines.map((line) => `  ${line}`).join("\n")}`);
}
const passed = cases.length - skipped.length - failed.length;
const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
console.log(`\n${passed} passed, ${failures} failed${tail}`);
Deno.exit(failures > 0 ? 1 : 0);
