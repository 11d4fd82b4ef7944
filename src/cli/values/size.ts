const UNIT_BYTES = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
} as const;

/**
 * Reads `100B`, `64MB`, `1.5GiB`.
 *
 * @returns bytes, rounded
 * @throws {RangeError} with a message that completes "argument … is invalid."
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|KiB|MiB|GiB)$/.exec(text);
  if (!match) throw new RangeError("Write a number and a unit: 64MB, 1.5GB, 512MiB.");
  const [, number, unit] = match;
  return Math.round(Number(number) * UNIT_BYTES[unit as keyof typeof UNIT_BYTES]);
}
