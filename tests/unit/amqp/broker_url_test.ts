import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, MalformedUrl, parseBrokerUrl } from "../../../src/amqp/broker_url.ts";
import { holds } from "../../support/property.ts";

Deno.test("what a URL leaves out has RabbitMQ's defaults", () => {
  assert.deepEqual(parseBrokerUrl("amqp://host"), {
    tls: false,
    host: "host",
    port: 5672,
    username: "guest",
    password: "guest",
    vhost: "/",
  });
  assert.equal(parseBrokerUrl("amqps://host").port, 5671);
  assert.equal(parseBrokerUrl("amqp://host/").vhost, "/");
  assert.equal(parseBrokerUrl("amqp://me@host/").password, "");
});

Deno.test("escapes are undone, brackets of an IPv6 address taken off", () => {
  const url = parseBrokerUrl(
    "amqp://us%40er:p%2Fw@[::1]:1234/my%2fvhost?heartbeat=5&connection_timeout=700",
  );
  assert.deepEqual(url, {
    tls: false,
    host: "::1",
    port: 1234,
    username: "us@er",
    password: "p/w",
    vhost: "my/vhost",
    heartbeatSeconds: 5,
    connectTimeoutMs: 700,
  });
  assert.equal(formatAddress(url), "[::1]:1234");
});

Deno.test("any user, password and vhost survive the way through a URL", async () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 });
  await holds(fc.property(name, name, name, (username, password, vhost) => {
    const [user, word, path] = [username, password, vhost].map(encodeURIComponent);
    const url = parseBrokerUrl(`amqp://${user}:${word}@host/${path}`);
    assert.deepEqual([url.username, url.password, url.vhost], [username, password, vhost]);
  }));
});

Deno.test("any text is a URL or malformed, and no message holds what stands before an @", async () => {
  await holds(
    fc.property(fc.string(), fc.constantFrom("", "amqp://", "http://"), (text, scheme) => {
      try {
        parseBrokerUrl(`${scheme}user:s3cret@${text}`);
      } catch (error) {
        assert.ok(error instanceof MalformedUrl, String(error));
        assert.doesNotMatch(error.message, /s3cret/);
      }
    }),
  );
});
