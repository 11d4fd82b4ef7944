/** docs/ci.md: its scripts, and what its YAML runs, typed as they stand there. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { type AskedBroker, askedRabbitMq } from "../support/management.ts";
import { brokerList } from "../support/broker_list.ts";
import { TypedDocument } from "../support/typed_document.ts";
import { EXECUTABLE } from "../support/worktool.ts";

/** A job of a CI: the shell that it runs, and the variables that name its broker. */
interface Job {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its service's image; undefined where its broker is inside. */
  readonly service: string | undefined;
  /** What it keeps. */
  readonly report: string | undefined;
}

/** Strict about keys that stand twice, and names that are no strings. */
function jobsOf(document: TypedDocument): Job[] {
  const github = parse(document.files.get(".github/workflows/smoke-test.yml")!, { strict: true });
  const gitlab = parse(document.files.get(".gitlab-ci.yml")!, { strict: true });
  assert.deepEqual(Object.keys(github), ["name", "on", "jobs"]);
  // deno-lint-ignore no-explicit-any -- YAML
  const githubJobs = Object.entries<any>(github.jobs).map(([name, { steps, env, services }]) => ({
    name: `GitHub: ${name}`,
    // deno-lint-ignore no-explicit-any
    script: steps.flatMap(({ run }: any) => run ?? []).join("\n"),
    env: env ?? {},
    service: services?.rabbitmq.image,
    // deno-lint-ignore no-explicit-any
    report: steps.flatMap((step: any) => step.with?.path ?? [])[0],
  }));
  // deno-lint-ignore no-explicit-any -- YAML
  const gitlabJobs = Object.entries<any>(gitlab).map(([name, job]) => ({
    name: `GitLab: ${name}`,
    script: job.script.join("\n"),
    env: job.variables ?? {},
    service: job.services?.[0].name,
    report: job.artifacts?.reports.junit,
  }));
  return [...githubJobs, ...gitlabJobs];
}

async function openDocument(): Promise<TypedDocument> {
  const document = await TypedDocument.open("docs/ci.md");
  await document.link("ci/worktool", EXECUTABLE);
  return document;
}

/** Runs a job as its CI does: it ends with the first command that fails. */
async function runJob(
  document: TypedDocument,
  { script, report }: Job,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, stdout, stderr } = await document.type(`set -e\n${script}`, env);
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  assert.match(stdout, /Passed/);
  assert.match(stdout, /^ \[x\] 'done: order 10'$/m);
  if (report !== undefined) assert.match(await document.read(report), /<testsuite /);
}

Deno.test("docs/ci.md: what it tells to type in a shell", async () => {
  await using document = await openDocument();
  assert.equal(document.commands.length, 2);
  for (const command of document.commands) {
    const { code, stdout, stderr } = await document.type(command);
    assert.equal(code, 0, `${command}\n${stdout}\n${stderr}`);
  }
});

Deno.test("docs/ci.md: its jobs with the broker inside", async () => {
  await using document = await openDocument();
  const jobs = jobsOf(document).filter(({ service }) => service === undefined);
  assert.deepEqual(jobs.map(({ name }) => name), [
    "GitHub: broker-inside",
    "GitLab: broker-inside",
  ]);
  for (const job of jobs) {
    assert.equal(job.report, "check.xml");
    await runJob(document, job);
  }
});

Deno.test("docs/ci.md: its script fails where the worker does not do its work", async () => {
  await using document = await openDocument();
  const script = document.files.get("ci/smoke-test.sh")!;
  await document.save("ci/smoke-test.sh", script.replace("--within 30s", "--within 1s"));
  await document.save("ci/worker.sh", "#!/bin/sh\nexec worktool work --queue orders\n");
  const { code, stdout, stderr } = await document.type("ci/worktool broker -- ci/smoke-test.sh");
  assert.equal(code, 2, `${stdout}\n${stderr}`);
});

for (const { name, scripts } of brokerList.rabbitMqs) {
  Deno.test(`docs/ci.md: its jobs with RabbitMQ as a service [${name}]`, async () => {
    await using document = await openDocument();
    const jobs = jobsOf(document).filter(({ service }) => service !== undefined);
    assert.deepEqual(jobs.map(({ name }) => name), ["GitHub: rabbitmq", "GitLab: rabbitmq"]);
    await using node: AskedBroker = await askedRabbitMq(scripts);
    const there = { AMQP_URL: node.url, RABBITMQ_MANAGEMENT_URL: node.management };
    for (const job of jobs) {
      assert.equal(job.service, "rabbitmq:4-management"); // with the plug-in that has the figures
      assert.deepEqual(Object.keys(job.env), Object.keys(there));
      await runJob(document, job, there);
    }
  });
}
