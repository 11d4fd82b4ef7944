import type { Buffer } from "node:buffer";

/** RabbitMQ prints octets in its reply texts as Erlang does: text when printable, else numbers. */
export function erlangBinary(bytes: Buffer): string {
  const printable = bytes.length > 0 && bytes.every((octet) => octet >= 32 && octet < 127);
  return printable ? `<<"${bytes.toString("latin1")}">>` : `<<${bytes.join(",")}>>`;
}

/**
 * A float as Erlang prints it: `10.0`, `1.0e22`, `1.0e-7`, always with a point, as short as can be.
 */
export function erlangFloat(value: number): string {
  const [, sign = "", digits = "", exponent = ""] = /^(-?)([\d.]+)e([+-]\d+)$/.exec(
    value.toExponential(),
  )!;
  const power = Number(exponent);
  const [whole = "", fraction = ""] = digits.split(".");
  const scientific = `${whole}.${fraction || "0"}e${power}`;
  if (Math.abs(power) > 20) return sign + scientific;
  const plain = Math.abs(value).toFixed(Math.max(1, fraction.length - power));
  return sign + (plain.length <= scientific.length ? plain : scientific);
}
