import { ChannelError } from "../../wire/protocol_error.ts";
import type { Route } from "./route.ts";

interface Node<R> {
  readonly words: Map<string, Node<R>>;
  readonly bindings: R[];
}

const newNode = <R>(): Node<R> => ({ words: new Map(), bindings: [] });

/** Routing keys whose result is remembered until a binding changes. */
const CACHE_KEYS = 1024;

/**
 * Topic exchange: dot-separated words, `*` stands for one word, `#` for zero or more
 * (section 3.1.3.3). Patterns share a trie of words.
 */
export class TopicRouter<R extends Route> {
  readonly #root = newNode<R>();
  readonly #cache = new Map<string, readonly R[]>();

  bind(binding: R): void {
    let node = this.#root;
    for (const word of wordsOf(binding.routingKey)) {
      let next = node.words.get(word);
      if (next === undefined) node.words.set(word, next = newNode());
      node = next;
    }
    node.bindings.push(binding);
    this.#cache.clear();
  }

  unbind(binding: R): void {
    const path: [Node<R>, string][] = [];
    let node = this.#root;
    for (const word of wordsOf(binding.routingKey)) {
      path.push([node, word]);
      const next = node.words.get(word);
      if (next === undefined) return;
      node = next;
    }
    const at = node.bindings.indexOf(binding);
    if (at >= 0) node.bindings.splice(at, 1);
    for (const [parent, word] of path.reverse()) {
      if (node.bindings.length > 0 || node.words.size > 0) break;
      parent.words.delete(word);
      node = parent;
    }
    this.#cache.clear();
  }

  route(routingKey: string): readonly R[] {
    const known = this.#cache.get(routingKey);
    if (known !== undefined) return known;
    const matches = new Set<R>();
    // The nodes reached so far: a set keeps `#.#.#` from multiplying the work.
    let nodes = new Set<Node<R>>();
    spread(this.#root, nodes);
    for (const word of wordsOf(routingKey)) {
      const next = new Set<Node<R>>();
      for (const node of nodes) {
        const exact = node.words.get(word);
        if (exact !== undefined && word !== "*" && word !== "#") spread(exact, next);
        const star = node.words.get("*");
        if (star !== undefined) spread(star, next);
        const hash = node.words.get("#");
        if (hash !== undefined) spread(hash, next);
        // A node reached through `#` swallows further words.
        if (HASHES.has(node)) next.add(node);
      }
      nodes = next;
    }
    for (const node of nodes) for (const binding of node.bindings) matches.add(binding);
    const found = [...matches];
    if (this.#cache.size >= CACHE_KEYS) this.#cache.clear();
    this.#cache.set(routingKey, found);
    return found;
  }
}

/** @throws {ChannelError} 406 for a pattern with more `#` than may be. */
export function checkTopicPattern(pattern: string, mostHashes: number): void {
  const hashes = wordsOf(pattern).filter((word) => word === "#").length;
  if (hashes <= mostHashes) return;
  throw new ChannelError(
    "PRECONDITION_FAILED",
    `Topic binding key '${pattern}' uses ${hashes} '#' wildcards, at most ${mostHashes} are allowed`,
  );
}

/** The empty key has no words; `a..b` has an empty one. */
function wordsOf(key: string): string[] {
  return key === "" ? [] : key.split(".");
}

/** The nodes that were reached through a `#`. */
const HASHES = new WeakSet<object>();

/** Adds the node and those reachable from it without a word: `#` matches zero words. */
function spread<R>(node: Node<R>, into: Set<Node<R>>): void {
  if (into.has(node)) return;
  into.add(node);
  const hash = node.words.get("#");
  if (hash !== undefined) {
    HASHES.add(hash);
    spread(hash, into);
  }
}
