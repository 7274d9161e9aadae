// A set of fields, as a tree: the form that managedFields has on the wire.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

import type { FieldsV1 } from "../object-meta.ts";

/** Steps of a path: `f:name` a field, `k:{"name":"a"}` an item by its keys, `v:"a"` an item by its value, `i:0` an item by its place. */
export type PathElement = string;

/** A node says whether the path that leads to it is in the set, and which longer paths are. */
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

  insert(path: readonly PathElement[]): void {
    let node: FieldSet = this;
    for (const element of path) {
      const child = node.children.get(element) ?? new FieldSet();
      node.children.set(element, child);
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
    if (other.children.size === 0 && !other.isMember) return this;
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

  /** The paths that are here and not there. A path does not take longer ones with it. */
  difference(other: FieldSet): FieldSet {
    if (other.children.size === 0 && !other.isMember) return this;
    const children = new Map<PathElement, FieldSet>();
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      keep(children, element, theirs === undefined ? child : child.difference(theirs));
    }
    return new FieldSet(this.isMember && !other.isMember, children);
  }

  equals(other: FieldSet): boolean {
    if (this.isMember !== other.isMember || this.children.size !== other.children.size) return false;
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element);
      if (theirs === undefined || !child.equals(theirs)) return false;
    }
    return true;
  }

  /** All paths in order. */
  *paths(prefix: readonly PathElement[] = []): Iterable<readonly PathElement[]> {
    for (const element of [...this.children.keys()].sort()) {
      const child = this.children.get(element);
      if (child === undefined) continue;
      const path = [...prefix, element];
      if (child.isMember) yield path;
      yield* child.paths(path);
    }
  }
}

function keep(children: Map<PathElement, FieldSet>, element: PathElement, child: FieldSet): void {
  if (child.isMember || !child.isEmpty) children.set(element, child);
}

/** Reads a set. Throws a TypeError for what is none. */
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
  for (const [element, child] of Object.entries(fields)) {
    if (element === ".") isMember = true;
    else children.set(checkElement(element), decodeNode(child));
  }
  return new FieldSet(isMember || children.size === 0, children);
}

function checkElement(element: string): PathElement {
  const kind = element.slice(0, 2);
  if (kind === "f:") return element;
  if (kind === "i:" && /^i:-?\d+$/.test(element)) return element;
  if (kind === "k:" || kind === "v:") {
    JSON.parse(element.slice(2));
    return element;
  }
  throw new TypeError(`Cannot read a set of fields as an element must begin with f:, k:, v: or i:: "${element}"`);
}

const leaf: FieldsV1 = Object.freeze({});

/** Writes a set, its elements in order. */
export function encodeFieldSet(set: FieldSet): FieldsV1 {
  const entries: [string, FieldsV1][] = [];
  for (const element of [...set.children.keys()].sort()) {
    const child = set.children.get(element);
    if (child === undefined) continue;
    if (child.children.size === 0) entries.push([element, leaf]);
    else entries.push([element, child.isMember ? { ".": leaf, ...encodeFieldSet(child) } : encodeFieldSet(child)]);
  }
  return Object.fromEntries(entries);
}

/** A path as messages show it: `.metadata.labels.app`, `.spec.ports[name="web"].port`, `.metadata.finalizers[="a"]`. */
export function formatPath(path: readonly PathElement[]): string {
  return path.map(formatElement).join("");
}

function formatElement(element: PathElement): string {
  const value = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${value}`;
    case "i":
      return `[${value}]`;
    case "v":
      return `[=${value}]`;
    default: {
      const keys: Record<string, unknown> = JSON.parse(value);
      return `[${Object.entries(keys)
        .map(([name, key]) => `${name}=${JSON.stringify(key)}`)
        .join(",")}]`;
    }
  }
}
