import {
  CHANNEL_CODES,
  CONNECTION_CODES,
  type Fault,
  type FaultKind,
} from "../../broker/faults/fault.ts";
import { didYouMean } from "../../queue/nearest_word.ts";
import { parseDuration, parsePositiveDuration } from "./duration.ts";

/** How a kind is written, and what makes a fault of its parts. */
interface Kind {
  readonly usage: string;
  readonly read: (parts: Parts) => Fault;
}

const KINDS: Readonly<Record<FaultKind, Kind>> = {
  "nack-confirm": {
    usage: "nack-confirm:5%",
    read: (parts) => ({ kind: "nack-confirm", ...parts.recurrence() }),
  },
  redeliver: {
    usage: "redeliver:10%",
    read: (parts) => ({ kind: "redeliver", ...parts.recurrence() }),
  },
  cancel: {
    usage: "cancel:after=10",
    read: (parts) => ({ kind: "cancel", ...parts.recurrence() }),
  },
  "close-channel": {
    usage: "close-channel:406:after=3",
    read: (parts) => ({
      kind: "close-channel",
      code: parts.code(CHANNEL_CODES) ?? 406,
      ...parts.recurrence(),
    }),
  },
  "close-connection": {
    usage: "close-connection:after=100",
    read: (parts) => ({
      kind: "close-connection",
      code: parts.code(CONNECTION_CODES) ?? 320,
      ...parts.recurrence(),
    }),
  },
  drop: {
    usage: "drop:2%",
    read: (parts) => ({ kind: "drop", ...parts.recurrence() }),
  },
  delay: {
    usage: "delay:50ms..2s",
    read: (parts) => ({ kind: "delay", ...parts.range() }),
  },
  blocked: {
    usage: "blocked:after=1000:for=5s",
    read: (parts) => {
      const [after, forMs] = [parts.number("after"), parts.duration("for")];
      if (after === undefined || forMs === undefined) {
        throw parts.incomplete("after=N and for=TIME");
      }
      return { kind: "blocked", after, forMs };
    },
  },
  "full-disk": {
    usage: "full-disk, full-disk:after=1000:for=5s",
    read: (parts) => {
      const [after, forMs] = [parts.number("after"), parts.duration("for")];
      return {
        kind: "full-disk",
        ...after === undefined ? {} : { after },
        ...forMs === undefined ? {} : { forMs },
      };
    },
  },
};

/** How each kind is written, for the help. */
export const FAULT_USAGES: readonly string[] = Object.values(KINDS).map(({ usage }) => usage);

/**
 * Reads `nack-confirm:5%,close-channel:406:after=3`: faults separated by commas, the parts of each
 * by colons.
 *
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseFaults(text: string): Fault[] {
  return text.split(",").map(parseFault);
}

function parseFault(text: string): Fault {
  const [name = "", ...rest] = text.split(":");
  const names = Object.keys(KINDS);
  if (!Object.hasOwn(KINDS, name)) {
    throw new RangeError(
      `There is no fault '${name}'.${didYouMean(name, names)} They are ${names.join(", ")}.`,
    );
  }
  const kind = KINDS[name as FaultKind];
  const parts = new Parts(text, rest, kind.usage);
  const fault = kind.read(parts);
  parts.mustBeRead();
  return fault;
}

/** What stands behind the name of a fault, taken out part by part. */
class Parts {
  readonly #text: string;
  readonly #usage: string;
  readonly #parts: string[];
  /** Names before `=` that this fault knows. */
  readonly #names: string[] = [];

  constructor(text: string, parts: readonly string[], usage: string) {
    this.#text = text;
    this.#parts = [...parts];
    this.#usage = usage;
  }

  incomplete(missing: string): RangeError {
    return new RangeError(`'${this.#text}' needs ${missing}: ${this.#usage}.`);
  }

  /** `5%` or `after=10`, and `times=3`. */
  recurrence(): { readonly times: number } & ({ chance: number } | { after: number }) {
    const percent = this.#take((part) => part.endsWith("%"));
    const after = this.number("after");
    const times = this.number("times") ?? Infinity;
    if (after !== undefined && percent === undefined) return { after, times };
    if (percent === undefined || after !== undefined) throw this.#noTime();
    const chance = /^\d+(\.\d+)?%$/.test(percent) ? parseFloat(percent) / 100 : NaN;
    if (!(chance > 0 && chance <= 1)) throw this.#bad(percent, "more than 0 % and at most 100%");
    return { chance, times };
  }

  /** A reply code. */
  code<Codes extends Readonly<Record<number, string>>>(codes: Codes): keyof Codes | undefined {
    const part = this.#take((part) => /^\d+$/.test(part));
    if (part === undefined) return undefined;
    if (!Object.hasOwn(codes, part)) throw this.#bad(part, Object.keys(codes).join(", "));
    return Number(part) as unknown as keyof Codes;
  }

  /** `after=10`, at least 1. */
  number(name: string): number | undefined {
    const value = this.#value(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,15}$/.test(value) ? Number(value) : 0;
    if (number === 0) throw this.#bad(`${name}=${value}`, "a number from 1");
    return number;
  }

  /** `for=5s` */
  duration(name: string): number | undefined {
    const value = this.#value(name);
    return value === undefined ? undefined : this.#parse(value, parsePositiveDuration);
  }

  /** `50ms..2s` or `50ms`. */
  range(): { readonly minMs: number; readonly maxMs: number } {
    const part = this.#parts.shift();
    if (part === undefined) throw this.incomplete("a time or two");
    const [min, max = min, ...rest] = part.split("..");
    const [minMs, maxMs] = [this.#parse(min!, parseDuration), this.#parse(max!, parseDuration)];
    if (rest.length > 0 || minMs > maxMs) throw this.#bad(part, "the shorter time first");
    return { minMs, maxMs };
  }

  /** @throws {RangeError} for a part that nobody has taken */
  mustBeRead(): void {
    const [part] = this.#parts;
    if (part === undefined) return;
    const name = part.split("=")[0]!;
    throw new RangeError(
      `'${this.#text}' has a part '${part}' too many.${didYouMean(name, this.#names)} ` +
        `Write ${this.#usage}.`,
    );
  }

  #value(name: string): string | undefined {
    this.#names.push(name);
    return this.#take((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
  }

  #take(is: (part: string) => boolean): string | undefined {
    const at = this.#parts.findIndex(is);
    return at === -1 ? undefined : this.#parts.splice(at, 1)[0];
  }

  #parse(text: string, parse: (text: string) => number): number {
    try {
      return parse(text);
    } catch (error) {
      throw this.#bad(text, (error as Error).message.replace(/\.$/, ""));
    }
  }

  #noTime(): RangeError {
    const [part] = this.#parts;
    if (part !== undefined && /^\d+$/.test(part)) {
      return this.#bad(part, `write ${part}% or after=${part}`);
    }
    this.mustBeRead();
    return this.incomplete("either 5% or after=10");
  }

  #bad(part: string, wanted: string): RangeError {
    return new RangeError(`'${part}' of '${this.#text}': ${wanted}.`);
  }
}
