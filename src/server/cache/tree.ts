// An ordered map that is never changed, only replaced: each change shares all but one path with the tree before it, so that a
// reader that holds a root reads one moment for as long as it likes. A B+ tree; leaves carry what readers derived from them.

import { compareKeys, comparisonWith } from "../../storage/door.ts";

/** What the tree orders. */
export interface Keyed {
  readonly key: string;
}

/** Up to 64 entries: one leaf's joined bytes are about 100 KiB for objects of 1.6 KB, cheap to rebuild after a change and few to walk. */
const leafEntriesMax = 64;
const branchChildrenMax = 64;

/** A run of entries, in order. `derived` is a place for readers to keep what they made of exactly these entries. */
export class Leaf<Entry extends Keyed> {
  readonly entries: readonly Entry[];
  readonly firstKey: string;
  readonly derived = new Map<string, unknown>();
  #isReplaced = false;

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
    this.firstKey = entries[0]?.key ?? "";
  }

  get size(): number {
    return this.entries.length;
  }

  /** Whether a newer tree has another leaf in its place, so that only readers of an older moment still come by. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  /** Lets go of what was kept ready: older roots would hold it for nobody. */
  replace(): void {
    this.#isReplaced = true;
    this.derived.clear();
  }
}

class Branch<Entry extends Keyed> {
  readonly children: readonly Node<Entry>[];
  readonly size: number;
  readonly firstKey: string;

  constructor(children: readonly Node<Entry>[]) {
    this.children = children;
    this.firstKey = children[0]?.firstKey ?? "";
    let size = 0;
    for (const child of children) size += child.size;
    this.size = size;
  }
}

type Node<Entry extends Keyed> = Leaf<Entry> | Branch<Entry>;

/** A piece of a walk: the entries of `leaf` from `from` up to, not including, `to`. */
export interface Slice<Entry extends Keyed> {
  readonly leaf: Leaf<Entry>;
  readonly from: number;
  readonly to: number;
}

export class Tree<Entry extends Keyed> {
  readonly #root: Node<Entry>;

  private constructor(root: Node<Entry>) {
    this.#root = root;
  }

  static empty<Entry extends Keyed>(): Tree<Entry> {
    return new Tree<Entry>(new Leaf<Entry>([]));
  }

  /** Builds a tree at once. `entries` must be in order, each key once. */
  static from<Entry extends Keyed>(entries: readonly Entry[]): Tree<Entry> {
    let level: Node<Entry>[] = [];
    for (let at = 0; at < entries.length; at += leafEntriesMax)
      level.push(new Leaf(entries.slice(at, at + leafEntriesMax)));
    if (level.length === 0) return Tree.empty();
    while (level.length > 1) {
      const above: Node<Entry>[] = [];
      for (let at = 0; at < level.length; at += branchChildrenMax)
        above.push(new Branch(level.slice(at, at + branchChildrenMax)));
      level = above;
    }
    const [root] = level;
    return root === undefined ? Tree.empty() : new Tree(root);
  }

  get size(): number {
    return this.#root.size;
  }

  get(key: string): Entry | undefined {
    let node = this.#root;
    while (node instanceof Branch) {
      const child: Node<Entry> | undefined = node.children[childIndex(node.children, key)];
      if (child === undefined) return undefined;
      node = child;
    }
    const entry = node.entries[lowerBound(node.entries, key)];
    return entry?.key === key ? entry : undefined;
  }

  /** A tree with `entry` in place of what stood at its key. */
  with(entry: Entry): Tree<Entry> {
    const parts = put(this.#root, entry);
    const [only] = parts;
    return new Tree(parts.length === 1 && only !== undefined ? only : new Branch(parts));
  }

  /** A tree without `key`; the same tree where it is not there. */
  without(key: string): Tree<Entry> {
    const rest = remove(this.#root, key);
    if (rest === this.#root) return this;
    let root = rest ?? new Leaf<Entry>([]);
    while (root instanceof Branch && root.children.length === 1 && root.children[0] !== undefined)
      root = root.children[0];
    return new Tree(root);
  }

  /** How many keys are before `key`. */
  rank(key: string): number {
    let rank = 0;
    let node = this.#root;
    while (node instanceof Branch) {
      const index = childIndex(node.children, key);
      for (let before = 0; before < index; before++) rank += node.children[before]?.size ?? 0;
      const child: Node<Entry> | undefined = node.children[index];
      if (child === undefined) return rank;
      node = child;
    }
    return rank + lowerBound(node.entries, key);
  }

  /** The entry with so many keys before it; undefined behind the last one. */
  at(rank: number): Entry | undefined {
    if (rank >= this.size) return undefined;
    let node = this.#root;
    let rest = rank;
    while (node instanceof Branch) {
      let child: Node<Entry> | undefined;
      for (child of node.children) {
        if (rest < child.size) break;
        rest -= child.size;
      }
      if (child === undefined) return undefined;
      node = child;
    }
    return node.entries[rest];
  }

  /** The number of keys from `start` up to, not including, `end`. */
  count(start: string, end: string): number {
    return this.rank(end) - this.rank(start);
  }

  /** Walks the keys from `start` up to, not including, `end`, a leaf at a time. */
  *slices(start: string, end: string): Iterable<Slice<Entry>> {
    let isFirst = true;
    for (const leaf of leavesFrom(this.#root, start)) {
      const last = leaf.entries.at(-1);
      const from = isFirst ? lowerBound(leaf.entries, start) : 0;
      isFirst = false;
      const isWhole = last !== undefined && compareKeys(last.key, end) < 0;
      const to = isWhole ? leaf.entries.length : lowerBound(leaf.entries, end);
      if (from < to) yield { leaf, from, to };
      if (!isWhole && leaf.size > 0) return;
    }
  }

  /** Walks the same range entry by entry. */
  *entries(start: string, end: string): Iterable<Entry> {
    for (const { leaf, from, to } of this.slices(start, end))
      for (let at = from; at < to; at++) {
        const entry = leaf.entries[at];
        if (entry !== undefined) yield entry;
      }
  }
}

function* leavesFrom<Entry extends Keyed>(node: Node<Entry>, start: string): Iterable<Leaf<Entry>> {
  if (node instanceof Leaf) {
    yield node;
    return;
  }
  const first = childIndex(node.children, start);
  for (let at = first; at < node.children.length; at++) {
    const child = node.children[at];
    if (child !== undefined) yield* leavesFrom(child, start);
  }
}

/** The first index whose key is not before `key`. */
function lowerBound(entries: readonly Keyed[], key: string): number {
  const compare = comparisonWith(key);
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    if (entry !== undefined && compare(entry.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child that `key` is in or would go to. */
function childIndex<Entry extends Keyed>(children: readonly Node<Entry>[], key: string): number {
  const compare = comparisonWith(key);
  let low = 1;
  let high = children.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const child = children[middle];
    if (child !== undefined && compare(child.firstKey, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The node with the entry in it, in two parts where it became too large. */
function put<Entry extends Keyed>(node: Node<Entry>, entry: Entry): Node<Entry>[] {
  if (node instanceof Leaf) {
    const at = lowerBound(node.entries, entry.key);
    const entries = node.entries.slice();
    node.replace();
    entries.splice(at, entries[at]?.key === entry.key ? 1 : 0, entry);
    return split(entries, leafEntriesMax, at).map((part) => new Leaf(part));
  }
  const at = childIndex(node.children, entry.key);
  const child = node.children[at];
  const children = node.children.slice();
  children.splice(at, 1, ...(child === undefined ? [new Leaf([entry])] : put(child, entry)));
  return split(children, branchChildrenMax, at).map((part) => new Branch(part));
}

/** Halves what is too long; what grew at its end is cut there, so that ascending inserts leave full nodes behind. */
function split<Item>(items: readonly Item[], max: number, changedAt: number): (readonly Item[])[] {
  if (items.length <= max) return [items];
  const middle = changedAt >= max - 1 ? max : items.length >>> 1;
  return [items.slice(0, middle), items.slice(middle)];
}

/** The node without the key: itself where the key is not there, undefined where nothing is left. */
function remove<Entry extends Keyed>(node: Node<Entry>, key: string): Node<Entry> | undefined {
  if (node instanceof Leaf) {
    const at = lowerBound(node.entries, key);
    if (node.entries[at]?.key !== key) return node;
    node.replace();
    return node.entries.length === 1 ? undefined : new Leaf(node.entries.toSpliced(at, 1));
  }
  const at = childIndex(node.children, key);
  const child = node.children[at];
  const rest = child === undefined ? child : remove(child, key);
  if (rest === child) return node;
  if (rest === undefined) return node.children.length === 1 ? undefined : new Branch(node.children.toSpliced(at, 1));
  return new Branch(joined(node.children, at, rest));
}

/** Puts `rest` at its place, together with its left neighbour where both are small leaves. */
function joined<Entry extends Keyed>(children: readonly Node<Entry>[], at: number, rest: Node<Entry>): Node<Entry>[] {
  const left = children[at - 1];
  if (left instanceof Leaf && rest instanceof Leaf && left.size + rest.size <= leafEntriesMax / 2) {
    left.replace();
    return children.toSpliced(at - 1, 2, new Leaf([...left.entries, ...rest.entries]));
  }
  return children.with(at, rest);
}
