/** Users of the embedded broker: passwords as RabbitMQ hashes them, a permission a virtual host. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PasswordHash } from "../../../src/broker/access/password_hash.ts";
import { Permission } from "../../../src/broker/access/permission.ts";
import { User } from "../../../src/broker/access/user.ts";
import { recordOf, stateOf } from "../../../src/broker/access/user_record.ts";
import { denied, forgotten, permitted } from "../../../src/broker/access/user_state.ts";

Deno.test("a hash that RabbitMQ has made is of its password alone", () => {
  // The example in RabbitMQ's documentation: the password is test12.
  const hash = PasswordHash.parse("kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR")!;
  assert.ok(hash.matches(Buffer.from("test12")));
  assert.ok(!hash.matches(Buffer.from("test13")));
});

Deno.test("a hash outlives its text, and two of one password differ", () => {
  const [one, other] = [PasswordHash.of(Buffer.from("p")), PasswordHash.of(Buffer.from("p"))];
  assert.notEqual(one.text, other.text);
  assert.ok(PasswordHash.parse(one.text, one.algorithm)!.matches(Buffer.from("p")));
});

Deno.test("an empty hash is of no password; what is no hash is refused", () => {
  assert.equal(PasswordHash.parse(""), undefined);
  assert.throws(() => PasswordHash.parse("!!"), RangeError);
  assert.throws(() => PasswordHash.parse("", "rabbit_password_hashing_crypt"), RangeError);
});

Deno.test("what a user may do is said for each virtual host, else for all of them", () => {
  const user = User.from({ name: "u", password: "p", configure: "^a$", write: "", read: "" });
  const all = new Permission({ configure: ".*", write: ".*", read: ".*" });
  user.state = denied(permitted(user.state, "open", all), "closed");
  const mayConfigure = (queue: string, vhost: string) =>
    user.permissionIn(vhost)!.allows("configure", queue);
  assert.ok(mayConfigure("b", "open"));
  assert.ok(mayConfigure("a", "any"));
  assert.ok(!mayConfigure("b", "any"));
  assert.ok(!user.mayOpen("closed"));
  user.state = stateOf(recordOf(user.state));
  assert.ok(!user.mayOpen("closed") && user.mayOpen("any"));
  user.state = forgotten(user.state, "closed");
  assert.ok(user.mayOpen("closed"));

  const limited = User.from({ name: "u", password: "p", vhosts: ["one"] });
  assert.ok(limited.mayOpen("one") && !limited.mayOpen("two"));
  limited.state = denied(limited.state, "one");
  assert.ok(!limited.mayOpen("one"));
});
