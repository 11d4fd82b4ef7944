/** `rabbitmqadmin`, unchanged as RabbitMQ 3.10's plug-in serves it, beside its own node. */
import assert from "node:assert/strict";
import { brokerList } from "../support/broker_list.ts";
import { eventually, within } from "../support/deadline.ts";
import {
  type AskedBroker,
  askedRabbitMq,
  askedWorktool,
  askManagement,
} from "../support/management.ts";
import { PYTHON } from "./python_client.ts";

const DEADLINE_MS = 45_000;

/** What is typed, in order; the last ones fail, and say why. */
const TYPED = [
  ["declare", "queue", "name=q", "durable=true", 'arguments={"x-max-length": 9}'],
  ["declare", "exchange", "name=t", "type=topic"],
  ["declare", "binding", "source=t", "destination=q", "routing_key=k.#"],
  ["publish", "exchange=t", "routing_key=k.a", "payload=hello"],
  ["publish", "exchange=amq.default", "routing_key=nobody", "payload=hello"],
  ["get", "queue=q"],
  ["list", "queues", "name", "durable", "arguments"],
  ["list", "exchanges", "name", "type"],
  ["list", "bindings"],
  ["list", "vhosts", "name"],
  ["list", "users", "name", "tags"],
  ["list", "permissions"],
  ["list", "connections", "name"],
  ["list", "consumers"],
  ["list", "policies"],
  ["list", "parameters"],
  ["-f", "tsv", "list", "queues", "name", "vhost"],
  ["show", "overview", "queue_totals.messages"],
  ["declare", "vhost", "name=ci"],
  ["declare", "user", "name=ana", "password=secret", "tags=management"],
  ["declare", "permission", "vhost=ci", "user=ana", "configure=.*", "write=.*", "read=.*"],
  ["-V", "ci", "declare", "queue", "name=other", "durable=true"],
  ["delete", "user", "name=ana"],
  ["delete", "vhost", "name=ci"],
  ["declare", "policy", "name=p", "pattern=^q$", 'definition={"message-ttl": 60000}'],
  ["list", "policies", "name", "pattern"],
  ["delete", "policy", "name=p"],
  ["export", "defined.json"],
  ["import", "defined.json"],
  ["purge", "queue", "name=q"],
  [
    "delete",
    "binding",
    "source=t",
    "destination_type=queue",
    "destination=q",
    "properties_key=k.%23",
  ],
  ["delete", "exchange", "name=t"],
  ["delete", "queue", "name=q"],
  ["delete", "queue", "name=q"],
  ["get", "queue=q"],
  ["close", "connection", "name=nobody"],
];

/** What it writes, and its exit code, after each command line. */
async function typed(program: string, cwd: string, broker: AskedBroker): Promise<unknown[]> {
  const { port } = new URL(broker.management);
  const seen = [];
  for (const args of TYPED) {
    if (args.includes("queue_totals.messages")) await counted(broker);
    const command = new Deno.Command(PYTHON, { args: [program, "-P", port, ...args], cwd });
    const { code, stdout, stderr } = await within(
      command.output(),
      `rabbitmqadmin ${args.join(" ")} to end`,
      DEADLINE_MS,
    );
    const decoder = new TextDecoder();
    seen.push([args.join(" "), code, decoder.decode(stdout), decoder.decode(stderr)]);
  }
  return seen;
}

/** RabbitMQ adds its queues up from time to time: before the first time it says nothing. */
async function counted(broker: AskedBroker): Promise<void> {
  await eventually("the messages of all queues to be counted", async () => {
    const { queue_totals } = await askManagement(broker, "overview");
    return queue_totals.messages === 1;
  });
}

const rabbitMq = brokerList.rabbitMqs.find(({ name }) => name.includes(" 3.10"));

Deno.test({
  name: "rabbitmqadmin says the same of the embedded broker as of RabbitMQ 3.10",
  ignore: rabbitMq === undefined,
  fn: async () => {
    await using node = await askedRabbitMq(rabbitMq!.scripts);
    await using broker = await askedWorktool("--like", "3.10");
    const directory = await Deno.makeTempDir();
    try {
      const program = `${directory}/rabbitmqadmin`;
      const answer = await fetch(`${node.management}cli/rabbitmqadmin`);
      await Deno.writeTextFile(program, await answer.text());
      const own = await typed(program, directory, broker);
      assert.deepEqual(own, await typed(program, directory, node));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
