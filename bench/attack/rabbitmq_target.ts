import { PrivateRabbitMq } from "../../tests/support/private_rabbitmq.ts";
import type { Target } from "./attack.ts";

/** A RabbitMQ node for one attack: new, and gone after it. */
export class RabbitMqTarget implements AsyncDisposable, Target {
  private constructor(readonly node: PrivateRabbitMq, readonly pid: number) {}

  /** @param scripts the folder with `rabbitmq-server` and `rabbitmqctl` */
  static async start(scripts: string, config: string[] = []): Promise<RabbitMqTarget> {
    const node = await PrivateRabbitMq.start({ scripts, config });
    try {
      const pid = Number((await node.ctl("eval", "list_to_integer(os:getpid()).")).trim());
      return new RabbitMqTarget(node, pid);
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return this.node.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
  }
}
