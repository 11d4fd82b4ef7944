import { freePorts } from "./free_ports.ts";
import { nodeName, PrivateRabbitMq } from "./private_rabbitmq.ts";

export interface RabbitMqClusterOptions {
  /** The folder with `rabbitmq-server` and `rabbitmqctl` of the release that is wanted. */
  readonly scripts: string;
  /** How many nodes. */
  readonly size: number;
}

/**
 * A cluster of the test's own: its nodes may be killed, started again, and cut off from each other.
 */
export class RabbitMqCluster implements AsyncDisposable {
  readonly nodes: readonly PrivateRabbitMq[];

  private constructor(nodes: readonly PrivateRabbitMq[]) {
    this.nodes = nodes;
  }

  /** Starts all nodes at once, which find each other; resolves when they have. */
  static async start({ scripts, size }: RabbitMqClusterOptions): Promise<RabbitMqCluster> {
    const ports = await freePorts(size);
    const config = [
      "cluster_formation.peer_discovery_backend = classic_config",
      `cluster_formation.target_cluster_size_hint = ${size}`,
      ...ports.map((port, n) =>
        `cluster_formation.classic_config.nodes.${n + 1} = ${nodeName(port)}`
      ),
    ];
    const cookie = crypto.randomUUID();
    const starting = ports.map((port) => PrivateRabbitMq.start({ scripts, port, cookie, config }));
    const started = await Promise.allSettled(starting);
    const cluster = new RabbitMqCluster(
      started.flatMap((node) => node.status === "fulfilled" ? [node.value] : []),
    );
    try {
      for (const node of started) if (node.status === "rejected") throw node.reason;
      await cluster.becomeWhole();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** One URL for each node, beginning with the n-th. */
  urls(n: number): string[] {
    return [...this.nodes.slice(n), ...this.nodes.slice(0, n)].map(({ url }) => url);
  }

  /** The node that serves at `host:port`. */
  at(address: string): PrivateRabbitMq {
    const found = this.nodes.find(({ url }) => new URL(url).host === address);
    if (!found) throw new Error(`no node serves at ${address}`);
    return found;
  }

  /** The node that decides what becomes of a quorum queue. */
  async leaderOf(queue: string): Promise<PrivateRabbitMq> {
    const table = await this.#running.ctl("list_queues", "name", "leader");
    const leader = table.split("\n").map((row) => row.split("\t"))
      .find(([name]) => name === queue)?.[1];
    const found = this.nodes.find(({ name }) => name === leader);
    if (!found) throw new Error(`queue ${queue} has no leader:\n${table}`);
    return found;
  }

  /**
   * A network partition: the node and the others do not hear of each other any more, their clients
   * hear of both. (They refuse each other's secret; RabbitMQ's own tests do it at this place too.)
   */
  async cutOff(node: PrivateRabbitMq): Promise<void> {
    await node.ctl(
      "eval",
      "[begin erlang:set_cookie(N, wrong), erlang:disconnect_node(N) end || " +
        `N <- [${this.#namesBut(node)}]].`,
    );
  }

  /** Ends the partition; resolves when the cluster is whole again. */
  async rejoin(node: PrivateRabbitMq): Promise<void> {
    await node.ctl(
      "eval",
      `[erlang:set_cookie(N, erlang:get_cookie()) || N <- [${this.#namesBut(node)}]].`,
    );
    await this.becomeWhole();
  }

  /** Resolves when all nodes run, and each one that is asked knows all of them. */
  async becomeWhole(): Promise<void> {
    await this.#running.ctl("await_online_nodes", `${this.nodes.length}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
  }

  get #running(): PrivateRabbitMq {
    const running = this.nodes.find((node) => node.running);
    if (!running) throw new Error("no node runs");
    return running;
  }

  #namesBut(node: PrivateRabbitMq): string {
    return this.nodes.filter((other) => other !== node).map(({ name }) => `'${name}'`).join(",");
  }
}
