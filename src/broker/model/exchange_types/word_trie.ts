interface Node<V> {
  readonly words: Map<string, Node<V>>;
  value: V | undefined;
}

const newNode = <V>(): Node<V> => ({ words: new Map(), value: undefined });

/** The word of a pattern that stands for any one word of a key. */
const ANY_WORD = "*";

/** Values by patterns of words, `*` among them; patterns share what they begin with. */
export class WordTrie<V> {
  readonly #root = newNode<V>();

  get(pattern: readonly string[]): V | undefined {
    let node: Node<V> | undefined = this.#root;
    for (const word of pattern) {
      node = node.words.get(word);
      if (node === undefined) return undefined;
    }
    return node.value;
  }

  /** The value of a pattern, made where there is none. */
  reach(pattern: readonly string[], make: () => V): V {
    let node = this.#root;
    for (const word of pattern) {
      let next = node.words.get(word);
      if (next === undefined) node.words.set(word, next = newNode());
      node = next;
    }
    return node.value ??= make();
  }

  /** Forgets the value of a pattern, and the nodes that led to it alone. */
  delete(pattern: readonly string[]): void {
    const path: [Node<V>, string][] = [];
    let node = this.#root;
    for (const word of pattern) {
      path.push([node, word]);
      const next = node.words.get(word);
      if (next === undefined) return;
      node = next;
    }
    node.value = undefined;
    for (const [parent, word] of path.reverse()) {
      if (node.value !== undefined || node.words.size > 0) return;
      parent.words.delete(word);
      node = parent;
    }
  }

  get isEmpty(): boolean {
    return this.#root.value === undefined && this.#root.words.size === 0;
  }

  /**
   * Visits the values of all patterns that the words begin with: each node once at most, since it
   * is as far from the root as the words that led to it are many.
   * @param visit is told how many words the pattern has
   */
  walk(words: readonly string[], visit: (value: V, count: number) => void): void {
    let nodes: Node<V>[] = [this.#root];
    for (let count = 0; nodes.length > 0; count++) {
      for (const { value } of nodes) if (value !== undefined) visit(value, count);
      if (count === words.length) return;
      const word = words[count]!;
      const next: Node<V>[] = [];
      for (const node of nodes) {
        const same = word === ANY_WORD ? undefined : node.words.get(word);
        if (same !== undefined) next.push(same);
        const any = node.words.get(ANY_WORD);
        if (any !== undefined) next.push(any);
      }
      nodes = next;
    }
  }
}
