// Paths into objects, each made once. Objects of one shape name the same ones in the same order, so that the set that was made of them
// for one object is found for the next.

import type { PathElement } from "./path-element.ts";

/** A path or a step on the way to a set takes some 200 bytes: these are 4 MB. Then all of them are forgotten, and found anew. */
const knownMax = 20_000;

export class KnownPath {
  /** The path without its last element; undefined for the object itself. */
  readonly above: KnownPath | undefined;
  readonly element: PathElement;
  #fields: Map<string, KnownPath> | undefined;
  #items: Map<PathElement, KnownPath> | undefined;

  constructor(above: KnownPath | undefined, element: PathElement) {
    this.above = above;
    this.element = element;
  }

  /** The path of a field below. */
  field(key: string): KnownPath {
    const known = this.#fields?.get(key);
    if (known !== undefined) return known;
    const path = new KnownPath(this, `f:${key}`);
    this.#fields ??= new Map();
    this.#fields.set(key, path);
    knownCount++;
    return path;
  }

  at(element: PathElement): KnownPath {
    if (element.startsWith("f:")) return this.field(element.slice(2));
    const known = this.#items?.get(element);
    if (known !== undefined) return known;
    const path = new KnownPath(this, element);
    this.#items ??= new Map();
    this.#items.set(element, path);
    knownCount++;
    return path;
  }

  /** From the object down. */
  elements(): PathElement[] {
    const elements: PathElement[] = [];
    for (let path: KnownPath = this; path.above !== undefined; path = path.above) elements.push(path.element);
    return elements.reverse();
  }
}

/** Paths in the order in which they were found, each such row made once, with what was made of it. */
export class KnownPaths<Made> {
  readonly #before: KnownPaths<Made> | undefined;
  readonly #last: KnownPath | undefined;
  #made: Made | undefined;
  /** Most rows go on in one way. */
  #next: KnownPaths<Made> | undefined;
  #others: Map<KnownPath, KnownPaths<Made>> | undefined;

  constructor(before?: KnownPaths<Made>, last?: KnownPath) {
    this.#before = before;
    this.#last = last;
  }

  with(path: KnownPath): KnownPaths<Made> {
    if (this.#next !== undefined && this.#next.#last === path) return this.#next;
    const known = this.#others?.get(path);
    if (known !== undefined) return known;
    const next = new KnownPaths(this, path);
    knownCount++;
    if (this.#next === undefined) this.#next = next;
    else {
      this.#others ??= new Map();
      this.#others.set(path, next);
    }
    return next;
  }

  made(make: (paths: readonly KnownPath[]) => Made): Made {
    this.#made ??= make(this.#paths());
    return this.#made;
  }

  #paths(): KnownPath[] {
    const paths: KnownPath[] = [];
    for (let row: KnownPaths<Made> | undefined = this; row !== undefined; row = row.#before)
      if (row.#last !== undefined) paths.push(row.#last);
    return paths.reverse();
  }
}

let knownCount = 0;
let generation = 0;
let root = new KnownPath(undefined, "");

/** The object itself, which all paths begin with. */
export function rootPath(): KnownPath {
  if (knownCount > knownMax) {
    knownCount = 0;
    generation++;
    root = new KnownPath(undefined, "");
  }
  return root;
}

/** Grows when everything was forgotten, for who keeps rows of paths. */
export function knownGeneration(): number {
  return generation;
}
