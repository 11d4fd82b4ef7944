import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import type { Certificate } from "./certificates.ts";

/** A TLS endpoint with this certificate in front of a broker. */
export class TlsProxy implements AsyncDisposable {
  /** The broker's URL, by way of this proxy: `amqps://…@localhost:…`. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #clientCertificates = 0;

  private constructor(server: Server, brokerUrl: string) {
    this.#server = server;
    const { username, password, pathname } = new URL(brokerUrl);
    const { port } = server.address() as AddressInfo;
    this.url = `amqps://${username}:${password}@localhost:${port}${pathname}`;
  }

  /** @param options.clientAuthority refuses clients that have no certificate of this authority */
  static async start(
    brokerUrl: string,
    { certificate, key }: Certificate,
    { clientAuthority }: { readonly clientAuthority?: Certificate } = {},
  ): Promise<TlsProxy> {
    const pem = async (path: string) => Buffer.from(await Deno.readFile(path));
    const server = createServer({
      key: await pem(key),
      cert: await pem(certificate),
      requestCert: true,
      rejectUnauthorized: clientAuthority !== undefined,
      ...(clientAuthority ? { ca: await pem(clientAuthority.certificate) } : {}),
    });
    server.on("tlsClientError", () => {}); // the client tells what was wrong
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = new TlsProxy(server, brokerUrl);
    const { hostname, port } = new URL(brokerUrl);
    const host = hostname === "localhost" ? "127.0.0.1" : hostname;
    server.on("secureConnection", (client) => {
      if (client.getPeerCertificate()?.subject) proxy.#clientCertificates++;
      proxy.#join(client, connect(Number(port || 5672), host));
    });
    return proxy;
  }

  /** How many clients showed a certificate. */
  get clientCertificates(): number {
    return this.#clientCertificates;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket, broker: Socket): void {
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    client.pipe(broker).pipe(client);
  }
}
