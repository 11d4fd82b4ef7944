/** Every error says what was tried, what came of it, and what to do; and has its own exit code. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { methodIdBytes } from "../support/amqp_methods.ts";
import { brokerTest } from "../support/brokers.ts";
import { connectionClose, TcpProxy } from "../support/tcp_proxy.ts";
import { events, Worktool } from "../support/worktool.ts";

/** Usage errors: no broker is asked. */
const USAGE: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["work", "--prefetch", "-1"], /--prefetch <n>' argument '-1' is invalid\. .*0 to 65535/],
  [["work", "--prefetch", "70000"], /argument '70000' is invalid\. .*0 to 65535/],
  [["work", "--prefetch", "1.5"], /argument '1\.5' is invalid/],
  [["work", "--count", "0"], /argument '0' is invalid\. .*1 or more/],
  [["work", "--dot", "5"], /It has no unit: write 5s or 5ms/],
  [["work", "--ack", "maybe"], /Allowed choices are manual, auto, early, never/],
  [["work", "--queue", ""], /must not be empty/],
  [["work", "task"], /write -- before the command: worktool work \[options\] -- task/],
  [["send", "-H", "nocolon", "x"], /'nocolon' is invalid\. It has no colon: write 'key: value'/],
  [["send", "-H", ": v", "x"], /It has no key/],
  [["send", "--queue", "q".repeat(256), "x"], /It has 256 bytes; AMQP allows 255/],
  [["send", "--message-id", "ä".repeat(128), "x"], /It has 256 bytes; AMQP allows 255/],
  [["send", "--file", "/no/such/file"], /--file \/no\/such\/file: no such file/],
  [["send", "--file", "/"], /--file \/: is a directory/],
  [["send", "--queue-arg", "x-max-length", "x"], /Write key=value/],
  [["send", "--queue-type", "stream", "x"], /Allowed choices are classic, quorum/],
  [["send", "--queue-type", "quorum", "--queue-arg", "x-queue-type=classic", "x"], /contradict/],
  [["send", "--confirm-timeout", "0", "x"], /must be more than 0/],
  [["send", "--priority", "256", "x"], /0 to 255/],
  [["send"], /nothing to send: give words, --stdin, --lines or --file/],
  [["send", "words", "--lines"], /from one place only, not from words and --lines/],
  [["send", "--stdin", "--lines"], /'--stdin' cannot be used with option '--lines'/],
  [["send", "--lines", "-f", "x"], /'--lines' cannot be used with option '-f, --file <path>'/],
  [["send", "--count", "2", "--stdin"], /'--stdin' cannot be used with option '-c, --count <n>'/],
  [["send", "-0", "x"], /-0 goes with --lines/],
  [["send", "--nonsense", "x"], /unknown option '--nonsense'/],
  [["send", "-5"], /unknown option '-5'\n {2}- a task that begins with a dash goes after --/],
  [["sned"], /unknown command 'sned'/],
  [["send", "--tls-ca", "/no/such/ca", "x"], /--tls-ca \/no\/such\/ca: no such file/],
  [["send", "-u", "amqps://h", "--tls-ca", "/etc/hostname", "x"], /there is no certificate in it/],
  [["send", "-u", "amqps://h", "--tls-cert", "/etc/hostname", "x"], /--tls-key go together/],
  [["send", "--url", "amqp://h", "--insecure", "x"], /go with a URL that begins with amqps/],
  [["send", "--rate", "0", "x"], /number from 0\.001/],
  [["nonsense", "--help"], /unknown command 'nonsense'/],
  [["help", "nonsense"], /unknown command 'nonsense'/],
  [["broker", "--user", "nobody"], /Write name:password, or name:password:configure:write:read/],
  [["broker", "--user", "a:b:(:.*:.*"], /--user a: .*[Rr]egular expression/],
  [["broker", "--max-memory", "1"], /Write a number and a unit: 64MB/],
  [["broker", "--data", "/tmp", "--memory"], /cannot be used with option '--memory'/],
];

for (const [args, message] of USAGE) {
  const shown = args.map((arg) => arg.length > 40 ? `${arg.slice(0, 10)}…` : arg).join(" ");
  Deno.test(`usage: worktool ${shown}`, async () => {
    const { code, stdout, stderr } = await Worktool.run(args);
    assert.equal(code, 64);
    assert.equal(stdout, "");
    assert.match(stderr, /^worktool: /);
    assert.match(stderr, message);
  });
}

/** Malformed URLs; none of the messages may hold the password. */
const URLS: readonly (readonly [url: string, message: RegExp])[] = [
  ["http://user:s3cret@host/", /"http:\/\/\*\*\*@host\/" must begin with amqp:\/\/ or amqps:\/\//],
  ["user:s3cret@host", /must begin with amqp:\/\/|is not a URL/],
  ["amqp://user:s3cret@ho st/", /is not a URL/],
  ["amqp://user:s3cret@host:99999/", /is not a URL/],
  ["amqp://user:s3cret@host/a/b", /has a "\/" in its vhost: write %2f/],
  ["amqp://user:s3cret@host/%zz", /has a "%" that starts no escape/],
  ["amqp://user:s3cret@host/?frob=1", /"frob" .* is no parameter that worktool knows/],
  ["amqp://user:s3cret@host/?cacertfile=ca.pem", /"cacertfile" .* is no parameter that worktool/],
  ["amqp://user:s3cret@host/?heartbeat=soon", /must be a whole number of seconds, 0 to 65535/],
  ["amqp://user:s3cret@host/?heartbeat=70000", /must be a whole number of seconds, 0 to 65535/],
  ["amqp://user:s3cret@host:0/", /no port that anything listens on/],
  ["amqp://user:s3cret@host/?connection_timeout=0", /a whole number of milliseconds, 1 to/],
  ["amqp:user:s3cret@host", /must begin with amqp:\/\//],
  ["", /is not a URL/],
];

for (const [url, message] of URLS) {
  Deno.test(`malformed URL: ${url}`, async () => {
    for (
      const variant of [{ args: ["--url", url], env: {} }, { args: [], env: { AMQP_URL: url } }]
    ) {
      if (url === "" && variant.args.length === 0) continue; // an empty variable counts as unset
      const { code, stderr } = await Worktool.run(["send", ...variant.args, "x"], variant);
      assert.equal(code, 64);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /s3cret/);
      assert.match(stderr, variant.args.length > 0 ? /^worktool: --url/ : /^worktool: AMQP_URL/);
    }
  });
}

Deno.test("no broker: what to start, and 69", async () => {
  const port = await freePort();
  for (const command of ["send", "work"]) {
    const words = command === "send" ? ["x"] : [];
    const url = `amqp://localhost:${port}`;
    const { code, stderr } = await Worktool.run([command, "--url", url, ...words]);
    assert.equal(code, 69);
    assert.match(stderr, new RegExp(`no broker answers at localhost:${port}: connection refused`));
    assert.match(
      stderr,
      /start one with `worktool broker`, or name another with --url or AMQP_URL/,
    );
  }
});

Deno.test("no such host", async () => {
  const { code, stderr } = await Worktool.run([
    "send",
    "--url",
    "amqp://no-such-host.invalid",
    "x",
  ]);
  assert.equal(code, 69);
  assert.match(stderr, /no broker answers at no-such-host\.invalid:5672: no such host/);
});

Deno.test("a peer that says nothing is given up after --connect-timeout", async () => {
  await using server = await listening(() => {});
  const { code, stderr } = await Worktool.run([
    ...["send", "--url", `amqp://127.0.0.1:${server.port}`, "--connect-timeout", "300ms", "x"],
  ]);
  assert.equal(code, 69);
  assert.match(stderr, /no broker answers at .* within 0\.30 s/);
});

for (
  const [name, answer] of [
    ["another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["another version of AMQP", "AMQP\x00\x01\x00\x00"],
  ] as const
) {
  Deno.test(`a peer that speaks ${name}`, async () => {
    await using server = await listening((socket) => socket.end(answer));
    const url = `amqp://127.0.0.1:${server.port}`;
    const { code, stderr } = await Worktool.run(["send", "--url", url, "x"]);
    assert.equal(code, 69);
    assert.match(stderr, /answers, but not as an AMQP 0-9-1 broker/);
  });
}

brokerTest("wrong password: 77, and the password is not shown", async (broker) => {
  const url = new URL(broker.url);
  url.password = "s3cret";
  const { code, stderr } = await Worktool.run(["send", "--url", url.href, "x"]);
  assert.equal(code, 77);
  assert.match(stderr, /403 ACCESS_REFUSED - Login was refused/);
  assert.match(stderr, /check user 'guest' and its password in --url or AMQP_URL/);
  assert.doesNotMatch(stderr, /s3cret/);
});

brokerTest("missing vhost: 77, and how to create it", async (broker) => {
  const url = new URL(broker.url);
  url.pathname = "/no%2fsuch";
  const { code, stderr } = await Worktool.run(["work", "--url", url.href]);
  assert.equal(code, 77);
  assert.match(
    stderr,
    /refused vhost 'no\/such': it does not exist, or user 'guest' may not use it/,
  );
  assert.match(stderr, /rabbitmqctl add_vhost 'no\/such'/);
});

brokerTest(
  "a queue declared differently: the argument, both values, the ways out",
  async (broker) => {
    const queue = broker.queue();
    await broker.declareQueue(queue, { durable: true, arguments: { "x-max-length": 5 } });
    const durable = await broker.run("send", queue, ["--no-durable", "x"]);
    assert.equal(durable.code, 65);
    assert.match(durable.stderr, /durable is 'true' there, but was asked for as 'false'/);
    assert.match(durable.stderr, /406 PRECONDITION_FAILED/);
    assert.match(durable.stderr, /use the same flag: --durable/);
    assert.match(durable.stderr, /another --queue/);
    const [own, others] = [/worktool broker with --memory/, /rabbitmqctl delete_queue/];
    const [wayOut, notHere] = broker.product === "worktool" ? [own, others] : [others, own];
    assert.match(durable.stderr, wayOut);
    assert.doesNotMatch(durable.stderr, notHere);
    const argument = await broker.run("work", queue, ["--queue-arg", "x-max-length=6"]);
    assert.equal(argument.code, 65);
    assert.match(argument.stderr, /x-max-length is '5' .*there, but was asked for as '6'/);
    assert.match(argument.stderr, /use the same arguments: --queue-arg x-max-length=5/);
  },
);

brokerTest("a transient queue refused by RabbitMQ 4.3: 541", async (broker) => {
  // Not RabbitMQ 4.3 itself, which is not here, but its answer to queue.declare, word for word.
  const text = "INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated.\n" +
    "By default, this feature is not permitted anymore.\n" +
    "The feature will be removed from a future major RabbitMQ version, regardless of the " +
    "configuration; actual version to be determined.\nTo...";
  const queueDeclare = methodIdBytes("queue.declare");
  await using proxy = await TcpProxy.start(broker.url, (bytes, answer) => {
    if (!bytes.includes(queueDeclare)) return "pass";
    answer(connectionClose(541, text));
    return "drop";
  });
  const { code, stderr } = await Worktool.run([
    ...["send", "--url", proxy.url, "--queue", broker.queue(), "--no-durable", "x"],
  ]);
  assert.equal(code, 65);
  assert.match(stderr, /541 INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated/);
  assert.match(stderr, /operator denies queues .* leave out --no-durable/);
});

brokerTest("a reserved name: 77", async (broker) => {
  const { code, stderr } = await Worktool.run(["send", "--url", broker.url, "-q", "amq.mine", "x"]);
  assert.equal(code, 77);
  assert.match(stderr, /403 ACCESS_REFUSED - queue name 'amq\.mine' contains reserved prefix/);
});

brokerTest("a missing queue with --no-declare: 65", async (broker) => {
  const { code, stderr } = await broker.run("work", broker.queue(), ["--no-declare"]);
  assert.equal(code, 65);
  assert.match(stderr, /404 NOT_FOUND - no queue/);
  assert.match(stderr, /leave out --no-declare/);
});

brokerTest("a body over the broker's limit: 65", async (broker) => {
  const queue = broker.queue();
  const body = new Uint8Array(134_217_729); // one byte over RabbitMQ's max_message_size
  const { code, stderr, stdout } = await broker.run("send", queue, ["--stdin"], { stdin: body });
  assert.equal(code, 65);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /a task is larger than the broker takes: 406 PRECONDITION_FAILED - message size/,
  );
  assert.match(stderr, /max_message_size/);
  assert.match(stderr, /1 sent: 0 confirmed, 0 returned, 1 refused, 0 unknown/);
  assert.deepEqual(await broker.take(queue), []);
});

brokerTest("the queue is deleted while consuming: 69, nothing hangs", async (broker) => {
  const queue = broker.queue();
  for (const args of [[], ["--json"]]) {
    const worker = await broker.startWorker(queue, [
      "--dot",
      "5m",
      "--reconnect-for",
      "0",
      ...args,
    ]);
    await broker.send(queue, "running.");
    await worker.line(/[Rr]eceived/);
    await broker.deleteQueue(queue);
    const exit = await worker.exited;
    assert.equal(exit.code, 69);
    assert.match(exit.stderr, /the broker ended the consumer: queue '.*' was deleted/);
    assert.doesNotMatch(exit.stdout, /Done|"event":"(done|acked|requeued)"/);
    if (args.length > 0) {
      const stopped = events(exit).at(-1)!;
      assert.equal(stopped.reason, "error");
      assert.equal(stopped.exitCode, 69);
      assert.match(stopped.error as string, /was deleted/);
    }
  }
});

async function freePort(): Promise<number> {
  await using server = await listening(() => {});
  return server.port;
}

async function listening(onConnection: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onConnection(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

Deno.test("lab without a broker names what the lab looks at", async () => {
  const { code, stderr } = await Worktool.run([
    ...["lab", "fair-dispatch", "--url", "amqp://127.0.0.1:1/"],
  ]);
  assert.equal(code, 69);
  assert.match(stderr, /no broker answers at 127\.0\.0\.1:1: .*\n.*or name another with --url$/m);
  assert.doesNotMatch(stderr, /AMQP_URL/);
});
