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
      return keysElement(parseKeys(text).map(([name, value]) => [name, requireScalar(value)]));
    default:
      return undefined;
  }
}

function parseKeys(element: PathElement): [string, unknown][] {
  const keys: unknown = JSON.parse(element.slice(2));
  if (typeof keys !== "object" || keys === null || Array.isArray(keys))
    throw new TypeError(`Cannot read a set of fields as keys must be an object: "${element}"`);
  return Object.entries(keys).sort(([a], [b]) => compareTexts(a, b));
}

/** Items of sets and keys of items are scalars; what else a client could send may nest without end. */
function requireScalar(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  throw new TypeError("Cannot read a set of fields as values in it must be scalars");
}

const kinds = "fkvi";

/** The elements of a node in order: fields, items by keys, by values, by places; numbers by their size. */
export function sortPathElements(elements: PathElement[]): PathElement[] {
  if (elements.length < 2) return elements;
  // Fields alone, as most nodes have them, need no more than their texts to be compared.
  if (elements.every((element) => element.startsWith("f:"))) return elements.sort();
  return elements
    .map(readElement)
    .sort(compareElements)
    .map(({ element }) => element);
}

/** An element read once, since sorting compares it over and over. */
interface ReadElement {
  readonly element: PathElement;
  readonly kind: number;
  /** Names and values of keys in turn, or the one value. */
  readonly values: readonly unknown[];
}

function readElement(element: PathElement): ReadElement {
  const kind = kinds.indexOf(element[0] ?? "");
  if (element.startsWith("k:")) return { element, kind, values: parseKeys(element).flat() };
  const text = element.slice(2);
  return { element, kind, values: [element.startsWith("f:") ? text : JSON.parse(text)] };
}

function compareElements(a: ReadElement, b: ReadElement): number {
  if (a.kind !== b.kind) return a.kind - b.kind;
  for (const [index, value] of a.values.entries()) {
    if (index >= b.values.length) return 1;
    const order = compareValues(value, b.values[index]);
    if (order !== 0) return order;
  }
  return a.values.length - b.values.length;
}

/** Numbers stand before texts, texts before what else there is. */
function compareValues(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return compareTexts(a, b);
  const rank = (value: unknown) => ["number", "string", "boolean"].indexOf(typeof value) >>> 0;
  return rank(a) - rank(b) || compareTexts(String(a), String(b));
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
