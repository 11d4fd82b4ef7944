import assert from "node:assert/strict";
import {
  ChannelClosed,
  ClusterUnavailable,
  ConnectFailed,
  ConnectionLost,
  DeadlineExceeded,
  MessageNacked,
  MessageReturned,
  replyOf,
  UnencodableMessage,
  VhostRefused,
} from "../../../src/amqp/errors.ts";
import { parseBrokerUrl } from "../../../src/amqp/broker_url.ts";
import { explain } from "../../../src/cli/failure/explain.ts";
import { inequivalentArgument } from "../../../src/amqp/inequivalent_argument.ts";
import type { Attempt } from "../../../src/cli/failure/explanation.ts";
import { methodIds } from "../../support/amqp_methods.ts";

const ATTEMPT: Attempt = {
  command: "work",
  address: "host:5672",
  username: "me",
  vhost: "/",
  queue: "q",
  durable: true,
  tls: false,
  ownAuthority: false,
};

const QUEUE_DECLARE = methodIds("queue.declare");
/** As a reply says it that blames none. */
const NO_METHOD = { classId: 0, methodId: 0 };

/** @param method that was refused, queue.declare unless told */
function closed(replyCode: number, replyText: string, method = QUEUE_DECLARE) {
  return new ChannelClosed(replyText, { reply: { replyCode, replyText, ...method } });
}

Deno.test("reply codes become exit codes", () => {
  const table: [number, number][] = [
    [320, 69],
    [403, 77],
    [404, 65],
    [405, 65],
    [406, 65],
    [505, 70],
    [530, 77],
    [540, 65],
    [541, 65],
  ];
  for (const [replyCode, exitCode] of table) {
    const explanation = explain(closed(replyCode, "SOME TEXT"), ATTEMPT);
    assert.equal(explanation.exitCode, exitCode, `${replyCode}`);
    assert.match(explanation.message, new RegExp(`${replyCode} SOME TEXT`));
  }
});

Deno.test("the argument that differs is named in every form that RabbitMQ writes it", () => {
  const text = (rest: string) => `PRECONDITION_FAILED - inequivalent arg ${rest}`;
  const table: [string, object][] = [
    [
      "'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'",
      { queue: "q", name: "durable", received: "'true'", current: "'false'" },
    ],
    [
      "'x-max-length' for queue 'q' in vhost '/': received the value '5' of type 'signedint' but current is none",
      { queue: "q", name: "x-max-length", received: "'5' of type 'signedint'", current: "none" },
    ],
    [
      "'x-queue-type' for queue 'it's: odd' in vhost '/': received none but current is the value 'quorum' of type 'longstr'",
      {
        queue: "it's: odd",
        name: "x-queue-type",
        received: "none",
        current: "'quorum' of type 'longstr'",
      },
    ],
  ];
  for (const [rest, expected] of table) {
    assert.deepEqual(inequivalentArgument(text(rest)), expected);
  }
  assert.equal(inequivalentArgument("PRECONDITION_FAILED - unknown delivery tag 1"), undefined);
});

Deno.test("the way out of a 406 is the flag that the other side used", () => {
  const remedy = (rest: string) =>
    explain(closed(406, `PRECONDITION_FAILED - inequivalent arg ${rest}`), ATTEMPT).remedies[0];
  const durable = (received: string, current: string) =>
    remedy(
      `'durable' for queue 'q' in vhost '/': received '${received}' but current is '${current}'`,
    );
  assert.match(durable("true", "false")!, /--no-durable$/);
  assert.match(durable("false", "true")!, /--durable$/);
  assert.match(
    remedy(
      "'x-queue-type' for queue 'q' in vhost '/': received none but current is the value 'quorum' of type 'longstr'",
    )!,
    /--queue-type quorum$/,
  );
  assert.match(
    remedy(
      "'x-message-ttl' for queue 'q' in vhost '/': received the value '5' of type 'signedint' but current is none",
    )!,
    /leave out --queue-arg x-message-ttl$/,
  );
});

Deno.test("the queue to be deleted is named with its vhost, a retry queue by its own name", () => {
  const remedy = (queue: string, vhost: string) => {
    const text =
      `PRECONDITION_FAILED - inequivalent arg 'x-expires' for queue '${queue}' in vhost ` +
      `'${vhost}': received none but current is the value '5' of type 'signedint'`;
    return explain(closed(406, text), { ...ATTEMPT, vhost }).remedies
      .find((line) => line.includes("rabbitmqctl"));
  };
  assert.match(remedy("q", "/")!, /rabbitmqctl delete_queue 'q'$/);
  assert.match(remedy("q", "v")!, /rabbitmqctl delete_queue -p 'v' 'q'$/);
  assert.match(
    remedy("q.retry.1s", "v")!,
    /rabbitmqctl delete_queue -p 'v' --if-empty 'q\.retry\.1s'$/,
  );
});

Deno.test("a refused transient queue is explained, a refused durable one is not blamed on it", () => {
  const failure = new ConnectionLost("x", {
    reply: { replyCode: 541, replyText: "INTERNAL_ERROR" },
  });
  assert.match(
    explain(failure, { ...ATTEMPT, durable: false }).remedies[0]!,
    /its operator denies queues/,
  );
  assert.deepEqual(explain(failure, ATTEMPT).remedies, []);
});

Deno.test("an acknowledgement that came too late is no refusal of data", () => {
  const text =
    "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value";
  const { exitCode, message } = explain(closed(406, text, NO_METHOD), ATTEMPT);
  assert.equal(exitCode, 69);
  assert.match(message, /longer than the broker waits for its acknowledgement/);
});

Deno.test("what never answered is unavailable, what never confirmed unknown", () => {
  assert.equal(explain(new DeadlineExceeded("queue.declare-ok", 10), ATTEMPT).exitCode, 69);
  assert.equal(explain(new DeadlineExceeded("publisher confirm", 10), ATTEMPT).exitCode, 75);
});

Deno.test("a host with several addresses that all refuse is named once", () => {
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  for (const cause of [refused, new AggregateError([refused, refused])]) {
    const { message } = explain(new ConnectFailed("x", { cause }), ATTEMPT);
    assert.equal(message, "no broker answers at host:5672: connection refused");
  }
});

Deno.test("of several addresses each has its reason; one that may serve later decides", () => {
  const at = (host: string, failure: unknown) => ({
    url: parseBrokerUrl(`amqp://${host}`),
    failure,
  });
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  const absent = new ConnectFailed("x", { cause });
  const refused = new ConnectFailed("x", { reply: { replyCode: 403, replyText: "NO" } });
  const table: [unknown, unknown, number][] = [
    [absent, absent, 69],
    [refused, refused, 77],
    [refused, absent, 69],
    [new VhostRefused("x"), refused, 77],
  ];
  for (const [first, second, exitCode] of table) {
    const failure = new ClusterUnavailable([at("a", first), at("b", second)]);
    assert.equal(explain(failure, ATTEMPT).exitCode, exitCode);
  }
  const { message, remedies } = explain(
    new ClusterUnavailable([at("a", absent), at("b", absent)]),
    ATTEMPT,
  );
  assert.match(message, /: no broker answers at a:5672: .*; no broker answers at b:5672: /);
  assert.equal(remedies.length, 1, "the same advice once");
});

Deno.test("an error that nobody foresaw is a bug, with its stack", () => {
  const { message, exitCode } = explain(new TypeError("oops"), ATTEMPT);
  assert.equal(exitCode, 70);
  assert.match(message, /a bug in worktool: TypeError: oops\n +at /);
});

Deno.test("the broker's reply is read out of the client's messages", () => {
  const message =
    `Channel closed by server: 406 (PRECONDITION-FAILED) with message "A "quoted"\nreason"`;
  const error = Object.assign(new Error(message), { code: 406, ...QUEUE_DECLARE });
  assert.deepEqual(replyOf(error), {
    replyCode: 406,
    replyText: 'A "quoted"\nreason',
    ...QUEUE_DECLARE,
  });
  assert.equal(replyOf(new Error("Unexpected close")), undefined);
});

Deno.test("a task that could not be moved is explained", () => {
  const failures = [
    new MessageReturned("q.dead", { replyCode: 312, replyText: "NO_ROUTE" }),
    new MessageNacked("q.dead"),
    new UnencodableMessage(new RangeError("too large")),
  ];
  for (const failure of failures) {
    const { message, exitCode } = explain(failure, ATTEMPT);
    assert.equal(exitCode, 65);
    assert.match(message, /could not be moved: .*(q\.dead|too large)/);
  }
});
