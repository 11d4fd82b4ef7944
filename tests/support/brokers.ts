import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { type Channel, type ChannelModel, connect, type GetMessage, type Options } from "amqplib";
import { type BehaviourOptions, brokerList, type Release, releaseOfServer } from "./broker_list.ts";
import { eventually, wholeTest, within } from "./deadline.ts";
import { type Exit, type StartOptions, Worktool } from "./worktool.ts";

/**
 * A test for each broker, or for those of some releases. It fails when it leaves a worktool
 * running, or does not end; its queues are deleted.
 */
export function brokerTest(
  sentence: string,
  body: (broker: Broker) => Promise<void>,
  { releases }: BehaviourOptions = {},
): void {
  if (brokerList.shared.length === 0) Deno.test.ignore(`${sentence} [no broker]`, () => {});
  for (const { name, release, url } of brokerList.shared) {
    if (releases?.includes(release) === false) continue;
    const title = `${sentence} [${name}]`;
    Deno.test(title, () => Broker.use(url, (broker) => wholeTest(title, () => body(broker))));
  }
}

/**
 * A broker as one test sees it: unique queues, commands that use them, and a look at what arrived.
 */
export class Broker {
  readonly url: string;
  /** Whose behaviour to expect. */
  readonly release: Release;
  /** "RabbitMQ", or "worktool" for an embedded broker. */
  readonly product: string;
  readonly #connection: ChannelModel;
  readonly #channel: Channel;
  #lost = false;
  readonly #queues: string[] = [];
  readonly #started: { readonly name: string; readonly worktool: Worktool }[] = [];

  private constructor(url: string, connection: ChannelModel, channel: Channel) {
    this.url = url;
    this.release = releaseOfServer(connection.connection.serverProperties);
    this.product = String(connection.connection.serverProperties.product);
    this.#connection = connection;
    this.#channel = channel;
    connection.on("error", () => {}); // "close" follows
    connection.on("close", () => this.#lost = true);
  }

  /** Runs a test's body on the broker at `url`, and tidies up after it. */
  static async use<T>(url: string, body: (broker: Broker) => Promise<T>): Promise<T> {
    const connection = await within(connect(url), `a connection to ${url}`);
    const channel = await within(connection.createChannel(), "channel.open-ok");
    const broker = new Broker(url, connection, channel);
    try {
      const result = await body(broker);
      broker.#failForRunning();
      return result;
    } finally {
      await broker.#tidy();
    }
  }

  /** A new queue name. */
  queue(): string {
    const name = `worktool.test.${randomUUID()}`;
    this.#queues.push(name);
    return name;
  }

  /** The name of a queue that is made by others in this test, and deleted after it. */
  derivedQueue(name: string): string {
    this.#queues.push(name);
    return name;
  }

  /**
   * The same for tasks that may fail: its dead-letter queue `NAME.dead` and its retry queues are
   * deleted too.
   *
   * @param delays of its retry queues; with `--backoff 10ms` there is but one
   */
  taskQueue(...delays: readonly string[]): string {
    const name = this.queue();
    this.#queues.push(`${name}.dead`);
    for (const delay of ["10ms", ...delays]) this.#queues.push(`${name}.retry.${delay}`);
    return name;
  }

  /** Runs `worktool COMMAND --url … --queue …` to its end. */
  async run(
    command: "send" | "work",
    queue: string,
    args: readonly string[] = [],
    options: StartOptions = {},
  ): Promise<Exit> {
    return await Worktool.run([command, "--url", this.url, "--queue", queue, ...args], options);
  }

  /** Starts `worktool COMMAND --url … --queue …`; the test waits for its end. */
  start(
    command: "send" | "work",
    queue: string,
    args: readonly string[] = [],
    options: StartOptions = {},
  ): Worktool {
    const worktool = this.startApart(command, queue, args, options);
    this.#started.push({ name: [command, queue, ...args].join(" "), worktool });
    return worktool;
  }

  /** The same for a process that outlives this look at the broker; the caller waits for its end. */
  startApart(
    command: "send" | "work",
    queue: string,
    args: readonly string[] = [],
    options: StartOptions = {},
  ): Worktool {
    return Worktool.start([command, "--url", this.url, "--queue", queue, ...args], options);
  }

  /** Starts a worker and waits until it consumes. */
  async startWorker(queue: string, args: readonly string[] = []): Promise<Worktool> {
    const worker = this.start("work", queue, args);
    await worker.line(/Waiting for messages|"event":"waiting"/);
    return worker;
  }

  /** Sends one durable, persistent task for each text. */
  async send(queue: string, ...tasks: string[]): Promise<void> {
    const { code, stderr } = await this.run("send", queue, ["--lines"], {
      stdin: tasks.join("\n"),
    });
    if (code !== 0) throw new Error(`send failed: ${stderr}`);
  }

  /**
   * Sends one message with these properties, to a queue that is declared durable where it is
   * missing.
   */
  async publish(
    queue: string,
    body: string | Uint8Array,
    options: Options.Publish = {},
  ): Promise<void> {
    await this.declareQueue(queue);
    this.#channel.sendToQueue(queue, Buffer.from(body), options);
    await this.depth(queue); // answered after the message has been handled
  }

  /** Takes all ready messages out of a queue. */
  async take(queue: string): Promise<GetMessage[]> {
    const messages: GetMessage[] = [];
    for (;;) {
      const message = await this.#get(queue);
      if (!message) return messages;
      messages.push(message);
    }
  }

  /** Takes so many of the first messages out of a queue. */
  async takeFirst(queue: string, count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      if (!await this.#get(queue)) throw new Error(`only ${n} messages`);
    }
  }

  /** The bodies of all ready messages, taken out of the queue. */
  async takeBodies(queue: string): Promise<string[]> {
    return (await this.take(queue)).map(({ content }) => content.toString());
  }

  /** Ready messages and consumers, as `queue.declare-ok` counts them. */
  async depth(queue: string): Promise<{ ready: number; consumers: number }> {
    const asked = this.#channel.checkQueue(queue);
    const { messageCount, consumerCount } = await within(asked, `the depth of ${queue}`);
    return { ready: messageCount, consumers: consumerCount };
  }

  /** Resolves when the queue has this many ready messages. */
  async becomesReady(queue: string, ready: number): Promise<void> {
    let now: number | undefined;
    await eventually(() => `${ready} ready messages in ${queue}, there are ${now}`, async () => {
      now = (await this.depth(queue)).ready;
      return now === ready;
    });
  }

  /** Resolves when nobody consumes from the queue any more. */
  async becomesUnconsumed(queue: string): Promise<void> {
    await eventually(`the last consumer of ${queue} to go`, async () => {
      return (await this.depth(queue)).consumers === 0;
    });
  }

  async deleteQueue(queue: string): Promise<void> {
    await within(this.#channel.deleteQueue(queue), `the end of ${queue}`);
  }

  async declareQueue(
    queue: string,
    options?: Parameters<Channel["assertQueue"]>[1],
  ): Promise<void> {
    await within(this.#channel.assertQueue(queue, options), `the declaration of ${queue}`);
  }

  async #get(queue: string): Promise<GetMessage | false> {
    return await within(this.#channel.get(queue, { noAck: true }), `a message of ${queue}`);
  }

  /** A test must see how each of its processes ends: one that still runs would hide a hang. */
  #failForRunning(): void {
    for (const { name, worktool } of this.#started) {
      if (!worktool.hasEnded) throw new Error(`the test left this running: worktool ${name}`);
    }
  }

  async #tidy(): Promise<void> {
    for (const { worktool } of this.#started) await worktool[Symbol.asyncDispose]();
    if (this.#lost) return; // the test ended the broker
    const channel = await within(this.#connection.createChannel(), "channel.open-ok");
    for (const queue of this.#queues) await within(channel.deleteQueue(queue), `${queue} to go`);
    await within(this.#connection.close(), "connection.close-ok");
  }
}
