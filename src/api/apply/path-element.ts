// One step of a path into an object, as managedFields writes it.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

import { goJson, jsonText } from "./go-json.ts";

/** `f:name` a field, `k:{"name":"a"}` an item by its keys, `v:"a"` an item by its value, `i:0` an item by its place. */
export type PathElement = string;

/** The element for an item of a set. */
export function valueElement(value: unknown): PathElement {
  return `v:${goJson(value)}`;
}

/** The element for an item of a list with keys, which come in the order of their names. */
export function keysElement(keys: readonly (readonly [name: string, value: unknown])[]): PathElement {
  return `k:{${keys.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(",")}}`;
}

/** An element that a client sent, in the one form that it has here; undefined for a kind of a later time. Throws for what is no element. */
export function canonicalElement(text: string): PathElement | undefined {
  if (text[1] !== ":")
    throw new TypeError(`Cannot read a set of fields as an element must be a letter, a colon and more: "${text}"`);
  switch (text[0]) {
    case "f":
      return text;
    case "i":
      if (!/^i:[-+]?\d+$/.test(text))
        throw new TypeError(`Cannot read a set of fields as a place must be a number: "${text}"`);
      return `i:${Number(text.slice(2))}`;
    case "v":
      return valueElement(requireScalar(JSON.parse(text.slice(2))));
    case "k":
      return keysElement(parseKeys(text));
    default:
      return undefined;
  }
}

function parseKeys(element: PathElement): [string, unknown][] {
  const keys: unknown = JSON.parse(element.slice(2));
  if (typeof keys !== "object" || keys === null || Array.isArray(keys))
    throw new TypeError(`Cannot read a set of fields as keys must be an object: "${element}"`);
  return Object.entries(keys)
    .map(([name, value]): [string, unknown] => [name, requireScalar(value)])
    .sort(([a], [b]) => compareTexts(a, b));
}

/** Items of sets and keys of items are scalars; what else a client could send may nest without end. */
function requireScalar(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  throw new TypeError("Cannot read a set of fields as values in it must be scalars");
}

const kinds = "fkvi";

/** Orders the elements of a node: fields, items by keys, by values, by places; numbers by their size. */
export function comparePathElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  if (a[0] !== b[0]) return kinds.indexOf(a[0] ?? "") - kinds.indexOf(b[0] ?? "");
  switch (a[0]) {
    case "f":
      return compareTexts(a, b);
    case "k":
      return compareKeys(parseKeys(a), parseKeys(b));
    default:
      return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
  }
}

function compareKeys(a: readonly (readonly [string, unknown])[], b: readonly (readonly [string, unknown])[]): number {
  for (const [index, [name, value]] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareTexts(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers stand before texts, texts before what else there is. */
function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  const rank = (value: unknown) => ["number", "string", "boolean"].indexOf(typeof value) >>> 0;
  return rank(a) - rank(b) || compareTexts(JSON.stringify(a), JSON.stringify(b));
}

/** By code units, which for names is the order of their bytes. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A path as messages show it: `.metadata.labels.app`, `.spec.ports[name="web"].port`, `.metadata.finalizers[="a"]`. */
export function formatPath(path: readonly PathElement[]): string {
  return path.map(formatElement).join("");
}

function formatElement(element: PathElement): string {
  const text = element.slice(2);
  switch (element[0]) {
    case "f":
      return `.${text}`;
    case "i":
      return `[${text}]`;
    case "v":
      return `[=${jsonText(JSON.parse(text))}]`;
    default:
      return `[${parseKeys(element)
        .map(([name, value]) => `${name}=${jsonText(value)}`)
        .join(",")}]`;
  }
}
