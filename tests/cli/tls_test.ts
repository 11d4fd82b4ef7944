/** amqps://: what is wrong with which certificate, each in its own sentence. */
import assert from "node:assert/strict";
import { type Broker, brokerTest } from "../support/brokers.ts";
import { Certificates } from "../support/certificates.ts";
import { TlsProxy } from "../support/tls_proxy.ts";
import { type Exit, Worktool } from "../support/worktool.ts";

async function send(broker: Broker, url: string, ...args: string[]): Promise<Exit> {
  return await Worktool.run(["send", "--url", url, "--queue", broker.queue(), ...args, "x"]);
}

function assertFails({ code, stderr }: Exit, expected: number, ...patterns: RegExp[]): void {
  for (const pattern of patterns) assert.match(stderr, pattern);
  assert.equal(code, expected, stderr);
}

brokerTest("amqps: a certificate of the authority in --tls-ca is accepted", async (broker) => {
  await using certificates = await Certificates.create();
  const authority = await certificates.selfSigned("authority");
  const own = await certificates.signedBy(authority, { host: "localhost" });
  await using proxy = await TlsProxy.start(broker.url, own);
  const { code, stderr } = await send(broker, proxy.url, "--tls-ca", authority.certificate);
  assert.equal(code, 0, stderr);
});

brokerTest(
  "amqps: an authority that nobody knows, and another than it should be",
  async (broker) => {
    await using certificates = await Certificates.create();
    const authority = await certificates.selfSigned("authority");
    const other = await certificates.selfSigned("other authority");
    const own = await certificates.signedBy(authority, { host: "localhost" });
    await using proxy = await TlsProxy.start(broker.url, own);
    assertFails(
      await send(broker, proxy.url),
      69,
      /^worktool: the certificate of the broker at localhost:\d+ is signed by an authority that this machine does not know$/m,
      /--tls-ca FILE/,
    );
    assertFails(
      await send(broker, proxy.url, "--tls-ca", other.certificate),
      69,
      /is not signed by an authority in the file of --tls-ca$/m,
    );
    assert.equal((await send(broker, proxy.url, "--insecure")).code, 0);
  },
);

brokerTest("amqps: a certificate that is signed by itself", async (broker) => {
  await using certificates = await Certificates.create();
  const own = await certificates.selfSigned("localhost");
  await using proxy = await TlsProxy.start(broker.url, own);
  assertFails(await send(broker, proxy.url), 69, /is signed by itself/, /--tls-ca FILE/);
  assert.equal((await send(broker, proxy.url, "--tls-ca", own.certificate)).code, 0);
});

brokerTest("amqps: a certificate that has expired", async (broker) => {
  await using certificates = await Certificates.create();
  const authority = await certificates.selfSigned("authority");
  const own = await certificates.signedBy(authority, { host: "localhost", days: -1 });
  await using proxy = await TlsProxy.start(broker.url, own);
  const exit = await send(broker, proxy.url, "--tls-ca", authority.certificate);
  assertFails(exit, 69, /certificate .* has expired$/m, /renew it on the broker/);
  assert.doesNotMatch(exit.stderr, /--tls-ca/);
});

brokerTest("amqps: a certificate for another host", async (broker) => {
  await using certificates = await Certificates.create();
  const authority = await certificates.selfSigned("authority");
  const own = await certificates.signedBy(authority, { host: "rabbit.example.com" });
  await using proxy = await TlsProxy.start(broker.url, own);
  const exit = await send(broker, proxy.url, "--tls-ca", authority.certificate);
  assertFails(exit, 69, /is for other hosts: rabbit\.example\.com$/m);
  assert.doesNotMatch(exit.stderr, /--tls-ca/);
});

brokerTest("amqps: a broker that wants a client certificate", async (broker) => {
  await using certificates = await Certificates.create();
  const authority = await certificates.selfSigned("authority");
  const [own, client] = [
    await certificates.signedBy(authority, { host: "localhost" }),
    await certificates.signedBy(authority, { host: "client" }),
  ];
  await using proxy = await TlsProxy.start(broker.url, own, { clientAuthority: authority });
  const trusting = ["--tls-ca", authority.certificate];
  assertFails(
    await send(broker, proxy.url, ...trusting),
    69,
    // The alert comes after the handshake, and is lost where the client has already sent more.
    /^worktool: (the broker at localhost:\d+ wants a client certificate|localhost:\d+ answers, but .*)$/m,
    /--tls-cert FILE and --tls-key FILE/,
  );
  const shown = ["--tls-cert", client.certificate, "--tls-key", client.key];
  assert.equal((await send(broker, proxy.url, ...trusting, ...shown)).code, 0);
  assert.equal(proxy.clientCertificates, 1);
});

brokerTest("amqps: a port without TLS", async (broker) => {
  const url = broker.url.replace(/^amqp:/, "amqps:");
  assertFails(
    await send(broker, url, "--insecure"),
    69,
    /^worktool: .* does not speak TLS$/m,
    /5671/,
  );
});

Deno.test("amqps: files that hold the wrong thing are noticed before anybody is asked", async () => {
  await using certificates = await Certificates.create();
  const [one, two] = [
    await certificates.selfSigned("one"),
    await certificates.selfSigned("two"),
  ];
  const damaged = `${certificates.directory}/damaged.pem`;
  await Deno.writeTextFile(
    damaged,
    `${await Deno.readTextFile(
      one.certificate,
    )}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
  );
  const fails = async (args: readonly string[], pattern: RegExp) => {
    const exit = await Worktool.run(["send", "--url", "amqps://127.0.0.1:1", ...args, "x"]);
    assertFails(exit, 64, pattern);
  };
  await fails(["--tls-ca", one.key], /--tls-ca .*: there is no certificate in it/);
  await fails(["--tls-ca", damaged], /--tls-ca .*damaged\.pem: its certificate is damaged/);
  await fails(
    ["--tls-cert", one.key, "--tls-key", one.key],
    /--tls-cert .*: there is no certificate in it/,
  );
  await fails(
    ["--tls-cert", one.certificate, "--tls-key", one.certificate],
    /--tls-key .*: there is no private key in it/,
  );
  await fails(
    ["--tls-cert", one.certificate, "--tls-key", two.key],
    /the key in --tls-key .* does not belong to the certificate in --tls-cert/,
  );
  await fails(
    ["--tls-cert", one.certificate, "--tls-key", await certificates.encrypted(one)],
    /the key has a passphrase/,
  );
});
