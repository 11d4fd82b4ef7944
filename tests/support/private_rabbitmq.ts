import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { eventually } from "./deadline.ts";
import { freePorts } from "./free_ports.ts";

/** Of a node that starts and stops in seconds, on a machine with ten times as much to do. */
const NODE_DEADLINE_MS = 180_000;
const READY_POLL_MS = 100;
/** Of Erlang. A node that accepts connections still starts for a moment: a stop would end it. */
const STOP = "(fun Stop() -> case init:get_status() of " +
  "{started, _} -> rabbit:stop(); _ -> timer:sleep(10), Stop() end end)()";
const PROTOCOL_HEADER = new Uint8Array([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]);

export interface PrivateRabbitMqOptions {
  /** The folder with `rabbitmq-server` and `rabbitmqctl` of the release that is wanted. */
  scripts: string;
  /**
   * Lines added to the node's rabbitmq.conf, for example `vm_memory_high_watermark.absolute =
   * 64MB`.
   */
  config?: string[];
  /**
   * Settings of the `rabbit` application that have no line there, for example
   * `channel_tick_interval`.
   */
  settings?: Record<string, number>;
  /** Enabled on the node, for example `rabbitmq_management`. */
  plugins?: string[];
  /** Else a free one; it makes the node's {@linkcode nodeName}. */
  port?: number;
  /** The secret that the nodes of a cluster share. */
  cookie?: string;
}

/**
 * A RabbitMQ node of the test's own: own port, own directory, own users, gone after the test.
 *
 * It may be stopped, killed and started again; url and data stay the same. Its log is kept in the
 * folder that `WORKTOOL_TEST_NODE_LOGS` names, if it does.
 *
 * ```ts
 * await using node = await PrivateRabbitMq.start({ scripts: "/usr/lib/rabbitmq/bin" });
 * await node.ctl("add_user", "alice", "secret");
 * ```
 */
export class PrivateRabbitMq implements AsyncDisposable {
  readonly url: string;
  /** As Erlang knows it. */
  readonly name: string;
  readonly #scripts: string;
  readonly #port: number;
  readonly #dir: string;
  readonly #env: Record<string, string>;
  #process: Deno.ChildProcess | undefined;
  /** RabbitMQ is, in a process that goes on: a new one takes five times as much to start. */
  #stopped = false;
  #evaluated = 0;

  private constructor(scripts: string, port: number, dir: string, env: Record<string, string>) {
    this.#scripts = scripts;
    this.url = `amqp://guest:guest@127.0.0.1:${port}/`;
    this.name = nodeName(port);
    this.#port = port;
    this.#dir = dir;
    this.#env = env;
  }

  /** Starts a new node in a new directory; resolves when it accepts connections. */
  static async start(options: PrivateRabbitMqOptions): Promise<PrivateRabbitMq> {
    const [freePort, distributionPort] = await freePorts(2);
    const port = options.port ?? freePort;
    const dir = await Deno.makeTempDir({ prefix: "worktool-rabbitmq-" });
    const lines = [`listeners.tcp.1 = 127.0.0.1:${port}`, ...(options.config ?? [])];
    await Deno.writeTextFile(`${dir}/rabbitmq.conf`, lines.join("\n") + "\n");
    await Deno.writeTextFile(`${dir}/rabbitmq-env.conf`, "");
    await Deno.writeTextFile(`${dir}/enabled_plugins`, `[${(options.plugins ?? []).join(",")}].\n`);
    if (options.cookie !== undefined) {
      await Deno.writeTextFile(`${dir}/.erlang.cookie`, options.cookie, { mode: 0o400 });
    }
    const settings = Object.entries(options.settings ?? {});
    const node = new PrivateRabbitMq(options.scripts, port!, dir, {
      HOME: dir,
      ERL_EPMD_ADDRESS: "127.0.0.1",
      RABBITMQ_ALLOW_INPUT: "1", // the script then becomes the node instead of watching over it
      RABBITMQ_NODENAME: nodeName(port!),
      RABBITMQ_DIST_PORT: `${distributionPort}`,
      RABBITMQ_CONFIG_FILE: `${dir}/rabbitmq.conf`,
      RABBITMQ_CONF_ENV_FILE: `${dir}/rabbitmq-env.conf`,
      RABBITMQ_ENABLED_PLUGINS_FILE: `${dir}/enabled_plugins`,
      RABBITMQ_MNESIA_BASE: `${dir}/mnesia`,
      RABBITMQ_LOG_BASE: `${dir}/log`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [
        "-kernel inet_dist_use_interface {127,0,0,1}",
        ...settings.map(([key, value]) => `-rabbit ${key} ${value}`),
      ].join(" "),
    });
    try {
      await node.start();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  /** Whether it was started, and neither stopped nor killed. */
  get running(): boolean {
    return this.#process !== undefined && !this.#stopped;
  }

  /** Starts the node again after {@linkcode stop} or {@linkcode kill}. */
  async start(): Promise<void> {
    if (this.running) throw new Error(`RabbitMQ on port ${this.#port} is running already`);
    if (this.#process) await this.#evaluate("rabbit:start()", "ok");
    else this.#process = this.#spawn();
    this.#stopped = false;
    const exited = this.#process.status.then(() => "exited" as const);
    const deadline = Date.now() + NODE_DEADLINE_MS;
    while (!(await answersHandshake(this.#port))) {
      const next = await Promise.race([exited, setTimeout(READY_POLL_MS)]);
      if (next === "exited" || Date.now() > deadline) {
        throw new Error(
          `RabbitMQ did not start: ${await Deno.readTextFile(`${this.#dir}/output`)}`,
        );
      }
    }
  }

  #spawn(): Deno.ChildProcess {
    // A file takes the output: a pipe that nobody reads would block the node.
    return new Deno.Command("/bin/sh", {
      args: ["-c", `exec ${this.#scripts}/rabbitmq-server >> '${this.#dir}/output' 2>&1`],
      env: this.#env,
      stdin: "piped", // of Erlang's shell
    }).spawn();
  }

  /** Stops RabbitMQ in order: clients are told, queues are written. */
  async stop(): Promise<void> {
    await this.#evaluate(STOP, "ok");
    this.#stopped = true;
  }

  /** Kills the node at once, as a crash would. */
  async kill(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    this.#process = undefined;
    this.#stopped = false;
    try {
      process.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it had exited already
    }
    await process.status;
    await process.stdin.close().catch(() => {}); // nobody reads it any more
  }

  /**
   * Resolves when what was declared is on disk: a kill just after `declare-ok` may lose it else.
   */
  async keepDeclarations(): Promise<void> {
    // Mnesia's log; Khepri, which takes its place in later releases, writes before it answers.
    await this.#evaluate("disk_log:sync(latest_log)", "ok", "{error,no_such_log}");
  }

  /** A line for the shell that stops RabbitMQ in this node in order, and starts it again. */
  get restartCommand(): string {
    const variables = Object.entries(this.#env).map(([name, value]) => `${name}='${value}'`);
    const ctl = `env ${variables.join(" ")} ${this.#scripts}/rabbitmqctl --quiet`;
    return `${ctl} stop_app && ${ctl} start_app`;
  }

  /** Runs rabbitmqctl on this node and returns what it printed; throws when it fails. */
  async ctl(...args: string[]): Promise<string> {
    const command = new Deno.Command(`${this.#scripts}/rabbitmqctl`, {
      args: ["--quiet", ...args],
      env: this.#env,
      stdin: "null",
    });
    const { success, stdout, stderr } = await command.output();
    const printed = new TextDecoder().decode(stdout);
    if (success) return printed;
    throw new Error(`rabbitmqctl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}${printed}`);
  }

  /** Adds what is in an export of definitions, as RabbitMQ's management API writes it. */
  async define(definitions: Record<string, readonly unknown[]>): Promise<void> {
    const file = `${this.#dir}/definitions.json`;
    await Deno.writeTextFile(file, JSON.stringify(definitions));
    await this.ctl("import_definitions", file);
  }

  /** Ends the node and removes its directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    const kept = Deno.env.get("WORKTOOL_TEST_NODE_LOGS");
    if (kept !== undefined) await this.#keepLog(kept);
    await Deno.remove(this.#dir, { recursive: true });
  }

  /** Copies what the node logged to a folder, for whoever looks for the reason of a failure. */
  async #keepLog(folder: string): Promise<void> {
    await Deno.mkdir(folder, { recursive: true });
    for await (const { name, isFile } of Deno.readDir(`${this.#dir}/log`)) {
      if (isFile) await Deno.copyFile(`${this.#dir}/log/${name}`, `${folder}/${name}`);
    }
  }

  /**
   * Evaluates an expression in the node's own shell: `rabbitmqctl` would take a second to start.
   *
   * @throws where its value is none of those expected
   */
  async #evaluate(expression: string, ...expected: readonly string[]): Promise<void> {
    const mark = `value ${++this.#evaluated}: `;
    const writer = this.#process!.stdin.getWriter();
    const line = `io:format("~n${mark}~w~n", [catch ${expression}]).\n`;
    await writer.write(new TextEncoder().encode(line));
    writer.releaseLock();
    const printed = new RegExp(`^${mark}(.*)\n`, "m");
    let value: string | undefined;
    await eventually(`${expression} in ${this.name}`, async () => {
      value = printed.exec(await Deno.readTextFile(`${this.#dir}/output`))?.[1];
      return value !== undefined;
    }, NODE_DEADLINE_MS);
    if (!expected.includes(value!)) throw new Error(`${expression} is ${value}`);
  }
}

/** What the node on a port is called. */
export function nodeName(port: number): string {
  return `worktool-${port}@localhost`;
}

/** Whether a broker answers the AMQP protocol header with a frame on this port. */
function answersHandshake(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(PROTOCOL_HEADER));
    socket.once("data", () => socket.destroy() && resolve(true));
    // A broker that is about to end may refuse what is written, and then reset: two errors.
    socket.on("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
