import { ChannelError } from "../../wire/protocol_error.ts";
import type { Route } from "./route.ts";
import { hashesOf, hasRuns, literalOf, readPattern, wordsOf } from "./topic_pattern.ts";
import type { TopicPattern } from "./topic_pattern.ts";
import { WordTrie } from "./word_trie.ts";

/** Routing keys whose result is remembered until a binding changes. */
const CACHE_KEYS = 1024;
/** A longer result is not remembered: memory has a bound, and finding it is not what costs. */
const CACHED_BINDINGS = 64;

/**
 * Topic exchange: dot-separated words, `*` stands for one word, `#` for zero or more
 * (section 3.1.3.3).
 *
 * Patterns share a trie by the words before their first `#`, those of one such beginning share one
 * by the words after their last `#`, and what is between two `#` is looked for only where a word of
 * it is in the key.
 */
export class TopicRouter<R extends Route> {
  readonly #heads = new WordTrie<Head<R>>();
  readonly #cache = new Map<string, readonly R[]>();

  bind(binding: R): void {
    const pattern = readPattern(binding.routingKey);
    this.#heads.reach(pattern.head, () => new Head()).add(pattern, binding);
    this.#cache.clear();
  }

  unbind(binding: R): void {
    const pattern = readPattern(binding.routingKey);
    const head = this.#heads.get(pattern.head);
    head?.delete(pattern, binding);
    if (head?.isEmpty) this.#heads.delete(pattern.head);
    this.#cache.clear();
  }

  route(routingKey: string): Iterable<R> {
    const known = this.#cache.get(routingKey);
    if (known !== undefined) return known;
    const found: R[] = [];
    const words = wordsOf(routingKey);
    this.#heads.walk(words, (head, count) => head.collect(words, count, found));
    if (found.length > CACHED_BINDINGS) return found;
    if (this.#cache.size >= CACHE_KEYS) this.#cache.clear();
    this.#cache.set(routingKey, found);
    return found;
  }
}

/** The patterns that are the same up to their first `#`. */
class Head<R> {
  /** Those without a `#`. */
  readonly #whole = new Set<R>();
  readonly #tails = new WordTrie<Tail<R>>();

  add(pattern: TopicPattern, binding: R): void {
    if (pattern.tail === undefined) this.#whole.add(binding);
    else this.#tails.reach(pattern.tail, () => new Tail()).add(pattern, binding);
  }

  delete(pattern: TopicPattern, binding: R): void {
    if (pattern.tail === undefined) return void this.#whole.delete(binding);
    const tail = this.#tails.get(pattern.tail);
    tail?.delete(pattern, binding);
    if (tail?.isEmpty) this.#tails.delete(pattern.tail);
  }

  get isEmpty(): boolean {
    return this.#whole.size === 0 && this.#tails.isEmpty;
  }

  /** @param start how many words the head has matched */
  collect(words: readonly string[], start: number, found: R[]): void {
    if (start === words.length) { for (const binding of this.#whole) found.push(binding); }
    if (this.#tails.isEmpty) return;
    this.#tails.walk(words.slice(start).reverse(), (tail, count) => {
      tail.collect(words, start, words.length - count, found);
    });
  }
}

/** The patterns that are the same up to their first `#` and from their last `#` on. */
class Tail<R> {
  /** Those with nothing between. */
  readonly #open = new Set<R>();
  /** The others, by a word that they need, then by what is between. */
  readonly #middles = new Map<string | undefined, Map<string, Middle<R>>>();

  add({ runs }: TopicPattern, binding: R): void {
    if (runs.length === 0) return void this.#open.add(binding);
    const literal = literalOf(runs);
    let middles = this.#middles.get(literal);
    if (middles === undefined) this.#middles.set(literal, middles = new Map());
    const name = nameOf(runs);
    const middle = middles.get(name);
    if (middle === undefined) middles.set(name, { runs, bindings: new Set([binding]) });
    else middle.bindings.add(binding);
  }

  delete({ runs }: TopicPattern, binding: R): void {
    if (runs.length === 0) return void this.#open.delete(binding);
    const literal = literalOf(runs);
    const middles = this.#middles.get(literal);
    const bindings = middles?.get(nameOf(runs))?.bindings;
    bindings?.delete(binding);
    if (bindings?.size === 0) middles!.delete(nameOf(runs));
    if (middles?.size === 0) this.#middles.delete(literal);
  }

  get isEmpty(): boolean {
    return this.#open.size === 0 && this.#middles.size === 0;
  }

  /** What is between is looked for in words[start, end). */
  collect(words: readonly string[], start: number, end: number, found: R[]): void {
    for (const binding of this.#open) found.push(binding);
    if (this.#middles.size === 0) return;
    for (const literal of new Set([undefined, ...words.slice(start, end)])) {
      for (const { runs, bindings } of this.#middles.get(literal)?.values() ?? []) {
        if (!hasRuns(runs, words, start, end)) continue;
        for (const binding of bindings) found.push(binding);
      }
    }
  }
}

interface Middle<R> {
  readonly runs: TopicPattern["runs"];
  readonly bindings: Set<R>;
}

function nameOf(runs: TopicPattern["runs"]): string {
  return runs.map((run) => run.join(".")).join(".#.");
}

/** @throws {ChannelError} 406 for a pattern with more `#` than may be. */
export function checkTopicPattern(pattern: string, mostHashes: number): void {
  const hashes = hashesOf(pattern);
  if (hashes <= mostHashes) return;
  throw new ChannelError(
    "PRECONDITION_FAILED",
    `Topic binding key '${pattern}' uses ${hashes} '#' wildcards, at most ${mostHashes} are allowed`,
  );
}
