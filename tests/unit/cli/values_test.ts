import assert from "node:assert/strict";
import fc from "fast-check";
import { RELEASE_NAMES } from "../../../src/broker/release.ts";
import { parseBackoff } from "../../../src/cli/values/backoff.ts";
import {
  formatDuration,
  parseDuration,
  parseHeartbeat,
  parsePositiveDuration,
} from "../../../src/cli/values/duration.ts";
import { parseHeader } from "../../../src/cli/values/header.ts";
import { integerBetween, parseLimit } from "../../../src/cli/values/integer.ts";
import {
  parseHealthAddress,
  parseManagementAddress,
} from "../../../src/cli/values/listen_address.ts";
import { oneOf } from "../../../src/cli/values/one_of.ts";
import { parseQueueArgument } from "../../../src/cli/values/queue_argument.ts";
import { parseRate } from "../../../src/cli/values/rate.ts";
import {
  nonEmptyShortString,
  nonEmptyString,
  shortString,
} from "../../../src/cli/values/short_string.ts";
import { parseSize } from "../../../src/cli/values/size.ts";
import { parseUser, parseUserTags } from "../../../src/cli/values/user.ts";
import { holds } from "../../support/property.ts";

/** What a parser takes, and what it refuses with which words. */
interface Table<T> {
  readonly accepted: readonly (readonly [text: string, value: T])[];
  readonly refused: Readonly<Record<string, readonly string[]>>;
}

/** Every parser has one shape: text in, value out, or a RangeError whose message is a sentence. */
function parses<T>(name: string, parse: (text: string) => T, { accepted, refused }: Table<T>) {
  Deno.test(`values: ${name}`, () => {
    for (const [text, value] of accepted) assert.deepEqual(parse(text), value, `'${text}'`);
    for (const [message, texts] of Object.entries(refused)) {
      for (const text of texts) {
        assert.throws(() => parse(text), { name: "RangeError", message }, `'${text}'`);
      }
    }
  });
}

const unitless = "Write a number and a unit: 500ms, 5s, 2m, 1h.";
parses("duration", parseDuration, {
  accepted: [
    ["500ms", 500],
    ["5s", 5_000],
    ["1.5s", 1_500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["0", 0],
    ["0s", 0],
    ["0.4ms", 0],
    ["24d", 2_073_600_000],
  ],
  refused: {
    [unitless]: ["", "s", "-1s", "1 s", "1w", "1e3s", "١s", ".5s", "5s "],
    "It has no unit: write 5s or 5ms.": ["5"],
    "It must be less than 25 days.": ["25d", "2147483648ms"],
  },
});

parses("positive duration", parsePositiveDuration, {
  accepted: [["1ms", 1]],
  refused: { "It must be more than 0.": ["0", "0s", "0.4ms"], [unitless]: ["x"] },
});

parses("heartbeat", parseHeartbeat, {
  accepted: [["0", 0], ["1s", 1], ["1000ms", 1], ["2m", 120], ["65535s", 65_535]],
  refused: {
    "It must be whole seconds, 0 to 65535.": ["500ms", "1.5s", "65536s", "1d"],
    [unitless]: ["x"],
  },
});

parses("back-off", parseBackoff, {
  accepted: [
    ["1s..5m", { minMs: 1_000, maxMs: 300_000 }],
    ["30s", { minMs: 30_000, maxMs: 30_000 }],
    ["1s..1s", { minMs: 1_000, maxMs: 1_000 }],
  ],
  refused: {
    "Write one duration, or two: 30s, 1s..5m.": ["1s..2s..3s"],
    "It must be more than 0.": ["0", "0..5m"],
    "It must not end below its beginning.": ["5m..1s", "1s..0"],
    "It has no unit: write 1s or 1ms.": ["1"],
    [unitless]: ["", "..", "1s..", "..5m", "1s...5m", "-1s"],
  },
});

parses("integer", integerBetween(-5, 70), {
  accepted: [["-5", -5], ["0", 0], ["070", 70]],
  refused: {
    "It must be a whole number, -5 to 70.": ["-6", "71", "1.0", "", " 1", "0x1", "1e1", "٣", "+1"],
  },
});
parses("integer without end", integerBetween(1, Number.MAX_SAFE_INTEGER), {
  accepted: [["9007199254740991", Number.MAX_SAFE_INTEGER]],
  refused: { "It must be a whole number, 1 or more.": ["0", "9007199254740992"] },
});
parses("integer with a note", integerBetween(0, 9, " (0 is unlimited)"), {
  accepted: [["9", 9]],
  refused: { "It must be a whole number, 0 to 9 (0 is unlimited).": ["10"] },
});

parses("limit", parseLimit, {
  accepted: [["none", Infinity], ["0", 0], ["1000", 1_000]],
  refused: { "It must be a whole number, 0 or more.": ["-1", "None", "1k", ""] },
});

parses("rate", parseRate, {
  accepted: [["0.5", 0.5], ["0.001", 0.001], ["1000", 1_000], ["1000000", 1_000_000]],
  refused: {
    "It must be a number from 0.001 to 1000000.": [
      "0",
      "-1",
      "",
      "1e3",
      "0.0001",
      "1000001",
      "1/s",
    ],
  },
});

parses("size", parseSize, {
  accepted: [
    ["1kB", 1_000],
    ["64MB", 64_000_000],
    ["1GB", 1_000_000_000],
    ["2KiB", 2_048],
    ["1MiB", 1_048_576],
    ["1.5GiB", 1_610_612_736],
  ],
  refused: {
    "Write a number and a unit: 64MB, 1.5GB, 512MiB.": ["", "64", "64M", "-1MB", "1 MB", "1KB"],
  },
});

const noColon = "It has no colon: write 'key: value' or key=value.";
parses("header", parseHeader, {
  accepted: [
    ["k: v", ["k", "v"]],
    ["k:v", ["k", "v"]],
    ["k=v", ["k", "v"]],
    ["k: a=b:c", ["k", "a=b:c"]],
    ["k=a: b", ["k", "a: b"]],
    ["k:  v ", ["k", " v "]],
    ["k=", ["k", ""]],
    [" k : two\nlines", ["k", "two\nlines"]],
  ],
  refused: {
    [noColon]: ["", "k"],
    "It has no key: write 'key: value' or key=value.": [": v", "=v", " =v"],
    "It has 256 bytes; AMQP allows 255.": [`${"k".repeat(256)}=v`],
  },
});

parses("queue argument", parseQueueArgument, {
  accepted: [
    ["k=10", ["k", 10]],
    ["k=-10", ["k", -10]],
    ["k=true", ["k", true]],
    ["k=false", ["k", false]],
    ["k=drop-head", ["k", "drop-head"]],
    ["k=", ["k", ""]],
    ["k=1.5", ["k", "1.5"]],
    ["k=a=b", ["k", "a=b"]],
    ['k="10"', ["k", "10"]],
    ['k="true"', ["k", "true"]],
  ],
  refused: {
    "Write key=value, for example x-max-length=10.": ["k", "=v", ""],
    "The number is too large.": ["k=99999999999999999999"],
    "It has 256 bytes; AMQP allows 255.": [`${"k".repeat(256)}=v`],
  },
});

for (
  const [name, parse, port] of [
    ["health", parseHealthAddress, 8080],
    ["management", parseManagementAddress, 15672],
  ] as const
) {
  parses(`${name} address`, parse, {
    accepted: [
      ["0", { host: "127.0.0.1", port: 0 }],
      [`${port}`, { host: "127.0.0.1", port }],
      [`0.0.0.0:${port}`, { host: "0.0.0.0", port }],
      ["localhost:65535", { host: "localhost", port: 65_535 }],
      [`[::1]:${port}`, { host: "::1", port }],
    ],
    refused: {
      [`Write a port, or host:port: ${port}, 0.0.0.0:${port}.`]: [
        "",
        "::1",
        `::1:${port}`,
        `[]:${port}`,
        `:${port}`,
        "localhost",
        "localhost:",
        "65536",
        "123456",
        "-1",
        `http://localhost:${port}/`,
      ],
    },
  });
}

parses("user", parseUser, {
  accepted: [
    ["ci:secret", { name: "ci", password: "secret" }],
    ["ci:", { name: "ci", password: "" }],
    ["ci:secret:a:b:c", {
      name: "ci",
      password: "secret",
      configure: "a",
      write: "b",
      read: "c",
    }],
  ],
  refused: {
    "Write name:password, or name:password:configure:write:read.": [
      "",
      "ci",
      ":secret",
      "ci:secret:a",
      "ci:secret:a:b",
      "ci:secret:a:b:c:d",
    ],
  },
});
parses("tags of a user", parseUserTags, {
  accepted: [
    ["ci:administrator", { name: "ci", tags: ["administrator"] }],
    ["ci:monitoring,impersonator", { name: "ci", tags: ["monitoring", "impersonator"] }],
  ],
  refused: { "Write name:tag, or name:tag,tag.": ["", "ci", "ci:", ":tag", "ci:a:b"] },
});

parses("one of given words", oneOf(RELEASE_NAMES), {
  accepted: RELEASE_NAMES.map((name) => [name, name] as const),
  refused: { [`One of ${RELEASE_NAMES.join(", ")}.`]: ["", "3", "3.10 "] },
});

parses("string that is not empty", nonEmptyString, {
  accepted: [[" ", " "], ["ä".repeat(128), "ä".repeat(128)]],
  refused: { "It must not be empty.": [""] },
});
parses("name", nonEmptyShortString, {
  accepted: [["ä".repeat(127), "ä".repeat(127)]],
  refused: {
    "It must not be empty.": [""],
    "It has 256 bytes; AMQP allows 255.": ["ä".repeat(128)],
  },
});

Deno.test("names have at most 255 bytes, not characters", async () => {
  await holds(fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
    const fits = new TextEncoder().encode(text).length <= 255;
    if (fits) assert.equal(shortString(text), text);
    else assert.throws(() => shortString(text), RangeError);
  }));
});

Deno.test("durations are shown in a unit that fits", () => {
  assert.equal(formatDuration(0), "0.00 s");
  assert.equal(formatDuration(1_234), "1.23 s");
  assert.equal(formatDuration(12_340), "12.3 s");
  assert.equal(formatDuration(119_600), "2 min 0 s");
});
