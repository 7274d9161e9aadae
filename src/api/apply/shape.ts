// How apply sees a value: as a leaf that is owned as a whole, as named fields, or as items of a list that are told apart.

import { getOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import type { FieldNode, ListNode, SchemaNode } from "../schema/schema-node.ts";
import { compareTexts, keysElement, type PathElement, valueElement } from "./path-element.ts";

export type Values = Readonly<Record<string, unknown>>;

/** What a value of a node is. A free value is judged by itself: maps are granular, everything else is a leaf. */
export type Shape =
  | { readonly is: "leaf" }
  | { readonly is: "fields"; readonly node: SchemaNode }
  | { readonly is: "items"; readonly node: ListNode };

const leaf: Shape = { is: "leaf" };

/** The shape of a node, whose value decides where the schema does not. */
export function shapeOf(node: SchemaNode, value: unknown): Shape {
  switch (node.type) {
    case "scalar":
      return leaf;
    case "list":
      return node.listType === "atomic" ? leaf : { is: "items", node };
    case "object":
    case "map":
      return node.isAtomic ? leaf : { is: "fields", node };
    case "free":
      return isRecord(value) ? { is: "fields", node } : leaf;
  }
}

/** The declared field of a struct; undefined for keys of maps and of free values. */
export function declaredField(node: SchemaNode, key: string): FieldNode | undefined {
  return node.type === "object" ? node.fields.get(key) : undefined;
}

const free: SchemaNode = { type: "free", schema: {} };

/** The node below a key; undefined for a key that a struct does not have. A struct without fields takes anything. */
export function childNode(node: SchemaNode, key: string): SchemaNode | undefined {
  switch (node.type) {
    case "object":
      return node.fields.get(key)?.node ?? (node.keepsUnknown || node.fields.size === 0 ? free : undefined);
    case "map":
      return node.values;
    default:
      return free;
  }
}

/** What tells an item of a list from the others. */
export function itemElement(node: ListNode, item: unknown): PathElement {
  if (node.listType === "set") return valueElement(item);
  const values = isRecord(item) ? item : {};
  const keys: [string, unknown][] = [];
  for (const name of sortedKeys(node)) {
    const value = getOwn(values, name) ?? keyDefault(node, name);
    if (value !== undefined) keys.push([name, value]);
  }
  return keysElement(keys);
}

const sortedKeysByNode = new WeakMap<ListNode, readonly string[]>();

function sortedKeys(node: ListNode): readonly string[] {
  if (node.keys.length < 2) return node.keys;
  const known = sortedKeysByNode.get(node);
  if (known !== undefined) return known;
  const sorted = [...node.keys].sort(compareTexts);
  sortedKeysByNode.set(node, sorted);
  return sorted;
}

/** A key that was left out has its default, such as a port's protocol, or, where it is required, Go's zero value. */
function keyDefault(node: ListNode, key: string): unknown {
  const field = node.items.type === "object" ? node.items.fields.get(key) : undefined;
  if (field?.defaultValue !== undefined || field?.isRequired !== true) return field?.defaultValue;
  if (field.node.type !== "scalar") return undefined;
  return field.node.scalar === "integer" || field.node.scalar === "number" ? 0 : "";
}

/** The items that stand under one element; only old objects have more than one. Most have one, so that it comes without a list. */
export class Repeated {
  readonly items: unknown[];

  constructor(...items: unknown[]) {
    this.items = items;
  }
}

/** What a list holds, by element: an item, or several as `Repeated`. */
export function itemsByElement(value: unknown, node: ListNode): Map<PathElement, unknown> {
  const items = new Map<PathElement, unknown>();
  for (const item of Array.isArray(value) ? value : []) {
    const element = itemElement(node, item);
    const known = items.get(element);
    if (known instanceof Repeated) known.items.push(item);
    else items.set(element, known === undefined ? item : new Repeated(known, item));
  }
  return items;
}

/** Whether two JSON values say the same. Numbers may be boxed, as the reader does with `1.0`. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof Number || b instanceof Number) return Number(a) === Number(b) && isNumeric(a) && isNumeric(b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, at) => deepEqual(item, b[at]))
    );
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && deepEqual(Reflect.get(a, key), Reflect.get(b, key)));
}

function isNumeric(value: unknown): boolean {
  return typeof value === "number" || value instanceof Number;
}
