/** Tasks in turn heavy and light: "1 heavy.....", "2 light.", "3 heavy....." … */
export function heavyAndLight(count: number): string[] {
  return Array.from(
    { length: count },
    (_, n) => n % 2 === 0 ? `${n + 1} heavy.....` : `${n + 1} light.`,
  );
}

/** Tasks that are all alike: "1.", "2." … */
export function alike(count: number, dots = 1): string[] {
  return Array.from({ length: count }, (_, n) => `${n + 1}${".".repeat(dots)}`);
}
