import { ApiError, badRequest } from "./api_error.ts";

type Json = Readonly<Record<string, unknown>>;

const DEFAULT_PAGE_SIZE = 100;
const LARGEST_PAGE = 500;

/** A list in the order of the `sort` column; `sort_reverse` turns it round. */
export function sorted(list: readonly unknown[], parameters: URLSearchParams): unknown[] {
  const column = parameters.get("sort");
  if (column === null || column === "") return [...list];
  const path = column.split(".");
  const keys = new Map(list.map((one) => [one, valueAt(one, path)]));
  const inOrder = list.toSorted((a, b) => compare(keys.get(a), keys.get(b)));
  return parameters.get("sort_reverse") === "true" ? inOrder.reverse() : inOrder;
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => (value as Json | null | undefined)?.[name], object);
}

/** Erlang's order of terms: numbers, then what is not there, then text. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [rank(a), rank(b)];
  if (x !== y) return x - y;
  const [text, other] = [String(a), String(b)];
  return text < other ? -1 : text > other ? 1 : 0;
}

function rank(value: unknown): number {
  return typeof value === "number" ? 0 : typeof value === "string" ? 2 : 1;
}

/**
 * One page of a list, and how many there are (https://www.rabbitmq.com/docs/management#pagination);
 * undefined where no `page` is asked for.
 * @throws {ApiError} 400
 */
export function pageOf(list: readonly unknown[], parameters: URLSearchParams) {
  const page = integer(parameters.get("page"));
  if (page === undefined) return undefined;
  const size = integer(parameters.get("page_size")) ?? DEFAULT_PAGE_SIZE;
  if (page < 1 || size < 1 || size > LARGEST_PAGE) {
    const problem = `Invalid pagination parameters: page number ${page}, page size ${size}`;
    throw new ApiError(400, "invalid_pagination_parameters", problem);
  }
  const isMeant = nameFilter(parameters);
  const filtered = list.filter((one) => isMeant(String((one as Json)["name"])));
  const start = (page - 1) * size;
  if (start >= filtered.length && page > 1) {
    const problem = `Page out of range, page: ${page} page size: ${size}, len: ${filtered.length}`;
    throw new ApiError(400, "page_out_of_range", problem);
  }
  const items = filtered.slice(start, start + size);
  return {
    filtered_count: filtered.length,
    item_count: items.length,
    items,
    page,
    page_count: Math.ceil(filtered.length / size),
    page_size: size,
    total_count: list.length,
  };
}

function integer(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^-?\d{1,9}$/.test(text)) throw badRequest("Pagination parameters are invalid");
  return Number(text);
}

function nameFilter(parameters: URLSearchParams): (name: string) => boolean {
  const wanted = parameters.get("name") ?? "";
  if (wanted === "") return () => true;
  if (parameters.get("use_regex") !== "true") {
    const text = wanted.toLowerCase();
    return (name) => name.toLowerCase().includes(text);
  }
  try {
    const pattern = new RegExp(wanted, "i");
    return (name) => pattern.test(name);
  } catch {
    throw badRequest("Pagination parameters are invalid");
  }
}
