// A set of fields, as a tree: the form that managedFields has on the wire.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

import type { FieldsV1 } from "../object-meta.ts";
import { canonicalElement, comparePathElements, formatPath, type PathElement } from "./path-element.ts";

/** A node says whether the path that leads to it is in the set, and which longer paths are. Not changed once it is built. */
export class FieldSet {
  isMember: boolean;
  readonly children: Map<PathElement, FieldSet>;

  constructor(isMember = false, children = new Map<PathElement, FieldSet>()) {
    this.isMember = isMember;
    this.children = children;
  }

  /** Whether nothing but perhaps the root itself is in the set. */
  get isEmpty(): boolean {
    return this.children.size === 0;
  }

  /** Only for whoever builds the set. */
  insert(path: readonly PathElement[]): void {
    let node: FieldSet = this;
    for (const element of path) {
      const known = node.children.get(element);
      const child = known ?? new FieldSet();
      if (known === undefined) node.children.set(element, child);
      node = child;
    }
    node.isMember = true;
  }

  has(path: readonly PathElement[]): boolean {
    let node: FieldSet | undefined = this;
    for (const element of path) {
      node = node.children.get(element);
      if (node === undefined) return false;
    }
    return node.isMember;
  }

  union(other: FieldSet): FieldSet {
    if (other.children.size === 0 && (this.isMember || !other.isMember)) return this;
    if (this.children.size === 0 && (other.isMember || !this.isMember)) return other;
    const children = new Map(this.children);
    for (const [element, child] of other.children) {
      const own = children.get(element);
      children.set(element, own === undefined ? child : own.union(child));
    }
    return new FieldSet(this.isMember || other.isMember, children);
  }

  intersection(other: FieldSet): FieldSet {
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
    const children = sortedChildren(this);
    for (const [element, child] of children) if (child.isMember) yield [...prefix, element];
    for (const [element, child] of children) if (!child.isEmpty) yield* child.paths([...prefix, element]);
  }

  /** A path a line, for messages of tests. */
  toString(): string {
    return [...this.paths()].map(formatPath).join("\n");
  }
}

function keep(children: Map<PathElement, FieldSet>, element: PathElement, child: FieldSet): void {
  if (child.isMember || !child.isEmpty) children.set(element, child);
}

function sortedChildren({ children }: FieldSet): (readonly [PathElement, FieldSet])[] {
  const sorted = [...children];
  return sorted.length < 2 ? sorted : sorted.sort(([a], [b]) => comparePathElements(a, b));
}

/** Reads a set. Throws a TypeError or SyntaxError for what is none. */
export function decodeFieldSet(fields: unknown): FieldSet {
  const root = decodeNode(fields);
  root.isMember = false;
  return root;
}

function decodeNode(fields: unknown): FieldSet {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw new TypeError("Cannot read a set of fields as each node must be an object");
  const children = new Map<PathElement, FieldSet>();
  let isMember = false;
  for (const [text, child] of Object.entries(fields)) {
    const element = text === "." ? undefined : canonicalElement(text);
    if (element !== undefined) children.set(element, decodeNode(child));
    else isMember ||= text === ".";
  }
  return new FieldSet(isMember || children.size === 0, children);
}

const leaf: FieldsV1 = Object.freeze({});

/** Writes a set, its elements in order. */
export function encodeFieldSet(set: FieldSet): FieldsV1 {
  const entries = sortedChildren(set).map(([element, child]): [string, FieldsV1] => {
    if (child.isEmpty) return [element, leaf];
    return [element, child.isMember ? { ".": leaf, ...encodeFieldSet(child) } : encodeFieldSet(child)];
  });
  return Object.fromEntries(entries);
}
