/**
 * A number from 0 to 1, not 1 itself, that follows from the others alone: no clock, no order of
 * calls. Whole numbers that differ in one place give values that have nothing to do with each other
 * (the finalizer of MurmurHash3, https://github.com/aappleby/smhasher).
 */
export function chanceOf(seed: number, ...place: readonly number[]): number {
  let hash = mixed(seed);
  for (const number of place) hash = mixed(hash ^ Math.imul(number + 1, 0x9e3779b1));
  return hash / 2 ** 32;
}

function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
