/** As much of Bun as is used here. */
interface BunRuntime {
  readonly unsafe?: { readonly setJITPolicy?: (scale: number) => void };
}

/**
 * Says that the start is over: from now on the same code runs again and again.
 *
 * The executable starts with a JIT that waits long before it compiles (`build.ts`), because code
 * that runs once, as in a single send, is not worth it; this ends that.
 *
 * @see https://bun.com/reference/bun/unsafe/setJITPolicy
 */
export function endStartUp(): void {
  const { Bun } = globalThis as { Bun?: BunRuntime };
  Bun?.unsafe?.setJITPolicy?.(1);
}
