type Json = Record<string, unknown>;

/** What of the objects is wanted: `?columns=name,owner_pid_details.name`; null for all. */
export function selectColumns(body: unknown, columns: string | null): unknown {
  if (columns === null) return body;
  const paths = columns.split(",").map((column) => column.split("."));
  if (Array.isArray(body)) return body.map((one) => select(one as Json, paths));
  return select(body as Json, paths);
}

function select(object: Json, paths: readonly (readonly string[])[]): Json {
  const selected: Json = {};
  for (const [name, value] of Object.entries(object)) {
    const below = paths.filter(([first]) => first === name).map(([, ...rest]) => rest);
    if (below.length === 0) continue;
    const whole = below.some((rest) => rest.length === 0) || value === null ||
      typeof value !== "object";
    selected[name] = whole ? value : select(value as Json, below);
  }
  return selected;
}
