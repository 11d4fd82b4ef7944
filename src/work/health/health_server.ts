import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CannotListen, type HealthAddress } from "./health_address.ts";
import type { Metrics } from "./metrics.ts";

/** Answers `/healthz` and `/metrics` over HTTP. */
export class HealthServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws {CannotListen} */
  static async listen(address: HealthAddress, metrics: Metrics): Promise<HealthServer> {
    const server = createServer((request, response) => {
      const path = request.url?.replace(/\?.*/, "");
      if (path === "/healthz") health(metrics, response);
      else if (path === "/metrics") void numbers(metrics, response);
      else answer(response, 404, "worktool answers /healthz and /metrics\n");
    });
    try {
      const { host, port } = address;
      // The runtime does not say why it cannot listen at a host that there is not.
      server.listen(port, (await lookup(host)).address);
      await once(server, "listening");
    } catch (error) {
      throw new CannotListen(address, error as NodeJS.ErrnoException);
    }
    return new HealthServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** 200 only while tasks can arrive: a worker that has lost its broker is alive, but not healthy. */
function health(metrics: Metrics, response: ServerResponse): void {
  if (metrics.consuming) answer(response, 200, "consuming\n");
  else answer(response, 503, "not consuming\n");
}

async function numbers(metrics: Metrics, response: ServerResponse): Promise<void> {
  response.setHeader("Content-Type", metrics.contentType);
  answer(response, 200, await metrics.text());
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.end(text);
}
