import fc from "fast-check";

const RUNS = Deno.env.get("WORKTOOL_TEST_PROPERTY_RUNS");
const SEED = Deno.env.get("WORKTOOL_TEST_PROPERTY_SEED");

/**
 * Tries a law on so many generated values, 100 unless told, and fails with the smallest that breaks
 * it and the seed.
 *
 * WORKTOOL_TEST_PROPERTY_RUNS=5000 tries so many in each test; WORKTOOL_TEST_PROPERTY_SEED=… tries
 * those again of which one failed.
 */
export async function holds<T>(
  law: fc.IProperty<T> | fc.IAsyncProperty<T>,
  { runs = 100 }: { readonly runs?: number } = {},
): Promise<void> {
  await fc.assert(law as fc.IAsyncProperty<T>, {
    numRuns: Number(RUNS ?? runs),
    ...SEED === undefined ? {} : { seed: Number(SEED) },
  });
}
