// An applied object against its kind's schema: whether it fits, and which fields it names.

import type { ListNode, SchemaNode } from "../schema/schema-node.ts";
import { FieldSet, formatPath, type PathElement } from "./field-set.ts";
import { childNode, declaredField, isMap, itemElement, shapeOf } from "./shape.ts";

/** What does not fit, as `.spec.unknown: field not declared in schema`. */
export function typeFaults(value: unknown, node: SchemaNode, path: readonly PathElement[] = []): string[] {
  const fault = (text: string) => [`${formatPath(path)}: ${text}`];
  if (value === null || value === undefined) return [];
  switch (node.type) {
    case "free":
      return [];
    case "scalar":
      return fits(value, node.scalar) ? [] : fault(`expected ${expected(node.scalar)}, got ${JSON.stringify(value)}`);
    case "list":
      if (!Array.isArray(value)) return fault(`expected list, got ${JSON.stringify(value)}`);
      return listFaults(value, node, path);
    case "object":
    case "map":
      if (!isMap(value)) return fault(`expected map, got ${JSON.stringify(value)}`);
      return Object.entries(value).flatMap(([key, member]) => {
        const child = childNode(node, key);
        const below = [...path, `f:${key}`];
        return child === undefined
          ? [`${formatPath(below)}: field not declared in schema`]
          : typeFaults(member, child, below);
      });
  }
}

function fits(value: unknown, scalar: string): boolean {
  switch (scalar) {
    case "integer":
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "int-or-string":
      return typeof value === "number" || typeof value === "string";
    default:
      return typeof value === "string";
  }
}

function expected(scalar: string): string {
  if (scalar === "integer" || scalar === "number") return "numeric (int or float)";
  return scalar === "boolean" ? "boolean" : "string";
}

function listFaults(items: readonly unknown[], node: ListNode, path: readonly PathElement[]): string[] {
  if (node.listType === "atomic")
    return items.flatMap((item, at) => typeFaults(item, node.items, [...path, `i:${at}`]));
  const seen = new Set<PathElement>();
  return items.flatMap((item) => {
    if (node.listType === "map" && !isMap(item))
      return [`${formatPath(path)}: associative list with keys must have objects as items`];
    const element = itemElement(node, item);
    const below = [...path, element];
    const isTwice = seen.has(element);
    seen.add(element);
    return [
      ...(isTwice ? [`${formatPath(path)}: duplicate entries for key ${formatPath([element])}`] : []),
      ...typeFaults(item, node.items, below),
    ];
  });
}

/** The fields that a value names. */
export function fieldSetOf(value: unknown, root: SchemaNode): FieldSet {
  const set = new FieldSet();
  collect({ value, node: root, path: [], set });
  set.isMember = false;
  return set;
}

interface Step {
  readonly value: unknown;
  readonly node: SchemaNode;
  readonly path: PathElement[];
  readonly set: FieldSet;
}

function collect(step: Step): void {
  const { value, node, path, set } = step;
  const shape = shapeOf(node, value);
  if (shape.is === "leaf") set.insert(path);
  else if (shape.is === "items") collectItems(step, shape.node);
  else collectFields(step);
}

/** A null and an empty map are owned themselves, having no fields that could be; so is each key of a map that is no struct. */
function collectFields({ value, node, path, set }: Step): void {
  for (const [key, member] of Object.entries(isMap(value) ? value : {})) {
    const child = childNode(node, key);
    if (child === undefined) continue;
    path.push(`f:${key}`);
    collect({ value: member, node: child, path, set });
    const isBare = member === null || (isMap(member) && Object.keys(member).length === 0);
    if (isBare || declaredField(node, key) === undefined) set.insert(path);
    path.pop();
  }
}

function collectItems({ value, path, set }: Step, node: ListNode): void {
  for (const item of Array.isArray(value) ? value : []) {
    path.push(itemElement(node, item));
    collect({ value: item, node: node.items, path, set });
    set.insert(path);
    path.pop();
  }
}

/** The set, with each struct's field that something below is in. Those exist where their parts do. */
export function withStructFields(set: FieldSet, node: SchemaNode): FieldSet {
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const below = nodeBelow(node, element);
    const complete = below === undefined ? child : withStructFields(child, below);
    const isNamed = element.startsWith("f:") && declaredField(node, element.slice(2)) !== undefined && !child.isEmpty;
    children.set(element, isNamed && !complete.isMember ? new FieldSet(true, complete.children) : complete);
  }
  return new FieldSet(set.isMember, children);
}

function nodeBelow(node: SchemaNode, element: PathElement): SchemaNode | undefined {
  if (element.startsWith("f:")) return childNode(node, element.slice(2));
  return node.type === "list" ? node.items : undefined;
}

/** The value without the fields and items of a set. What was emptied by that is gone. */
export function removeFields(value: unknown, toRemove: FieldSet, node: SchemaNode): unknown {
  if (toRemove.isEmpty) return value;
  if (Array.isArray(value)) {
    if (node.type !== "list" || node.listType === "atomic") return value;
    const kept = value.flatMap((item) => {
      const below = toRemove.children.get(itemElement(node, item));
      if (below?.isMember === true) return [];
      return [below === undefined ? item : removeFields(item, below, node.items)];
    });
    return kept.length === 0 ? undefined : kept;
  }
  if (!isMap(value)) return value;
  const kept: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    const below = toRemove.children.get(`f:${key}`);
    if (below?.isMember === true) continue;
    const child = childNode(node, key);
    const rest = below === undefined || child === undefined ? member : removeFields(member, below, child);
    if (rest !== undefined) kept.push([key, rest]);
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
