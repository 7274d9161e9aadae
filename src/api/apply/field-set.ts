// A set of fields, as a tree: the form that managedFields has on the wire.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

import type { FieldsV1 } from "../object-meta.ts";
import { type KnownPath, KnownPaths, knownGeneration, rootPath } from "./known-path.ts";
import { canonicalElement, formatPath, type PathElement, sortPathElements } from "./path-element.ts";

/** A node says whether the path that leads to it is in the set, and which longer paths are. Not changed once it is built. */
export class FieldSet {
  readonly isMember: boolean;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
  #encoded: FieldsV1 | undefined;

  constructor(isMember: boolean, children: ReadonlyMap<PathElement, FieldSet>) {
    this.isMember = isMember;
    this.children = children;
  }

  /** Nothing. */
  static readonly empty = new FieldSet(false, new Map());
  /** A path that ends, and no longer ones: most nodes are this one. */
  static readonly leaf = new FieldSet(true, new Map());

  /** The set of these paths; the root itself, which is nobody's field, is left out. */
  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const builder = new FieldSetBuilder();
    for (const path of paths) builder.insert(path.reduce((above, element) => above.at(element), rootPath()));
    return builder.build();
  }

  /** Whether nothing but perhaps the root itself is in the set. */
  get isEmpty(): boolean {
    return this.children.size === 0;
  }

  /** The paths of both. The set itself where the other adds nothing. */
  union(other: FieldSet): FieldSet {
    if (this === other) return this;
    if (this.children.size === 0 && (other.isMember || !this.isMember)) return other;
    let children: Map<PathElement, FieldSet> | undefined;
    for (const [element, theirs] of other.children) {
      const own = this.children.get(element);
      const both = own === undefined ? theirs : own.union(theirs);
      if (both === own) continue;
      children ??= new Map(this.children);
      children.set(element, both);
    }
    const isMember = this.isMember || other.isMember;
    return children === undefined && isMember === this.isMember
      ? this
      : new FieldSet(isMember, children ?? this.children);
  }

  intersection(other: FieldSet): FieldSet {
    if (this === other) return this;
    const children = new Map<PathElement, FieldSet>();
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      if (theirs !== undefined) keep(children, element, child.intersection(theirs));
    }
    return new FieldSet(this.isMember && other.isMember, children);
  }

  /** The paths that are here and not there. A path does not take longer ones with it. The set itself where nothing is lost. */
  difference(other: FieldSet): FieldSet {
    let children: Map<PathElement, FieldSet> | undefined;
    for (const [element, theirs] of other.children) {
      const child = this.children.get(element);
      const rest = child?.difference(theirs);
      if (rest === undefined || rest === child) continue;
      children ??= new Map(this.children);
      if (rest.isMember || !rest.isEmpty) children.set(element, rest);
      else children.delete(element);
    }
    const isMember = this.isMember && !other.isMember;
    return children === undefined && isMember === this.isMember
      ? this
      : new FieldSet(isMember, children ?? this.children);
  }

  /** The set without whole fields of its first level. The set itself where nothing is left out. */
  without(isLeftOut: (element: PathElement) => boolean): FieldSet {
    const kept = [...this.children].filter(([element]) => !isLeftOut(element));
    return kept.length === this.children.size ? this : new FieldSet(this.isMember, new Map(kept));
  }

  equals(other: FieldSet): boolean {
    if (this.isMember !== other.isMember || this.children.size !== other.children.size) return false;
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      if (theirs === undefined || !child.equals(theirs)) return false;
    }
    return true;
  }

  /** All paths, at each height first those that end there, as conflicts are told. */
  *paths(prefix: readonly PathElement[] = []): Iterable<readonly PathElement[]> {
    const elements = sortedElements(this);
    for (const element of elements) if (this.children.get(element)?.isMember === true) yield [...prefix, element];
    for (const element of elements) yield* this.children.get(element)?.paths([...prefix, element]) ?? [];
  }

  /** As managedFields has it, its elements in order. */
  encode(): FieldsV1 {
    this.#encoded ??= encodeChildren(this, {});
    return this.#encoded;
  }

  /** A path a line, for messages of tests. */
  toString(): string {
    return [...this.paths()].map(formatPath).join("\n");
  }
}

function keep(children: Map<PathElement, FieldSet>, element: PathElement, child: FieldSet): void {
  if (child.isMember || !child.isEmpty) children.set(element, child);
}

/** Makes a set path by path. The same paths in the same order make the same set, which knows already what was worked out for it. */
export class FieldSetBuilder {
  #paths = noPaths();

  insert(path: KnownPath): void {
    this.#paths = this.#paths.with(path);
  }

  build(): FieldSet {
    return this.#paths.made(setOf);
  }
}

const none = { paths: new KnownPaths<FieldSet>(), generation: 0 };

function noPaths(): KnownPaths<FieldSet> {
  const generation = knownGeneration();
  if (none.generation !== generation) {
    none.paths = new KnownPaths();
    none.generation = generation;
  }
  return none.paths;
}

function setOf(paths: readonly KnownPath[]): FieldSet {
  const root: GrowingNode = { isMember: false, children: new Map() };
  for (const path of paths) insert(root, path.elements());
  return new FieldSet(false, grown(root).children);
}

interface GrowingNode {
  isMember: boolean;
  children: Map<PathElement, GrowingNode> | undefined;
}

function insert(root: GrowingNode, path: readonly PathElement[]): void {
  let node = root;
  for (const element of path) {
    node.children ??= new Map();
    const known = node.children.get(element);
    const child = known ?? { isMember: false, children: undefined };
    if (known === undefined) node.children.set(element, child);
    node = child;
  }
  node.isMember = true;
}

function grown({ isMember, children }: GrowingNode): FieldSet {
  if (children === undefined) return isMember ? FieldSet.leaf : FieldSet.empty;
  const done = new Map<PathElement, FieldSet>();
  for (const [element, child] of children) done.set(element, grown(child));
  return new FieldSet(isMember, done);
}

function sortedElements({ children }: FieldSet): PathElement[] {
  return sortPathElements([...children.keys()]);
}

/** Reads a set. Throws a TypeError or SyntaxError for what is none. */
export function decodeFieldSet(fields: unknown): FieldSet {
  const { children } = decodeNode(fields);
  return new FieldSet(false, children);
}

function decodeNode(fields: unknown): FieldSet {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw new TypeError("Cannot read a set of fields as each node must be an object");
  let children: Map<PathElement, FieldSet> | undefined;
  let isMember = false;
  for (const text in fields) {
    const element = text === "." ? undefined : canonicalElement(text);
    if (element === undefined) isMember ||= text === ".";
    else {
      children ??= new Map();
      children.set(element, decodeNode(Reflect.get(fields, text)));
    }
  }
  return children === undefined ? FieldSet.leaf : new FieldSet(isMember, children);
}

const leaf: FieldsV1 = Object.freeze({});

/** Elements begin with a letter and a colon, so that none of them is `__proto__`. */
function encodeChildren(set: FieldSet, fields: FieldsV1): FieldsV1 {
  for (const element of sortedElements(set)) {
    const child = set.children.get(element);
    if (child === undefined) continue;
    fields[element] = child.isEmpty ? leaf : encodeChildren(child, child.isMember ? { ".": leaf } : {});
  }
  return fields;
}
