// What changed between two objects of one version, field by field.

import { getOwn } from "../../base/own.ts";
import type { SchemaNode } from "../schema/schema-node.ts";
import { FieldSet, type PathElement } from "./field-set.ts";
import { childNode, deepEqual, isMap, itemElement, shapeOf } from "./shape.ts";

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares; undefined stands for an object that is not there. */
export function compareObjects(before: unknown, after: unknown, root: SchemaNode): Comparison {
  const comparison = { added: new FieldSet(), modified: new FieldSet(), removed: new FieldSet() };
  compareNodes({ before, after, node: root, path: [], comparison });
  // The root itself is nobody's field.
  comparison.added.isMember = false;
  comparison.removed.isMember = false;
  return comparison;
}

export function isSame({ added, modified, removed }: Comparison): boolean {
  return added.isEmpty && modified.isEmpty && removed.isEmpty;
}

interface Step {
  readonly before: unknown;
  readonly after: unknown;
  readonly node: SchemaNode;
  /** Changed in place on the way down and up. */
  readonly path: PathElement[];
  readonly comparison: Comparison;
}

function compareNodes(step: Step): void {
  const { before, after, node } = step;
  if (before === after) return;
  const shape = shapeOf(node, after ?? before);
  if (shape.is === "leaf" || (isNothing(before) && isNothing(after)) || shapesDiffer(step)) compareLeaf(step);
  else {
    if (shape.is === "fields") compareFields(step);
    else compareItems(step, shape.node);
    noteExistence(step);
  }
}

/** Free values may be a map before and a text after. */
function shapesDiffer({ before, after, node }: Step): boolean {
  if (before === undefined || after === undefined || before === null || after === null) return false;
  return node.type === "free" && isMap(before) !== isMap(after);
}

/** Absent, null, and empty maps and lists: what has no fields is compared as a whole. */
function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function compareLeaf(step: Step): void {
  const { before, after, path, comparison } = step;
  if (before === undefined || after === undefined) noteExistence(step);
  else if (!deepEqual(before, after)) comparison.modified.insert(path);
}

function noteExistence({ before, after, path, comparison }: Step): void {
  if (before === undefined) comparison.added.insert(path);
  else if (after === undefined) comparison.removed.insert(path);
}

function compareFields({ before, after, node, path, comparison }: Step): void {
  const old = isMap(before) ? before : {};
  const now = isMap(after) ? after : {};
  const visit = (key: string) => {
    const child = childNode(node, key);
    if (child === undefined) return;
    path.push(`f:${key}`);
    compareNodes({ before: getOwn(old, key), after: getOwn(now, key), node: child, path, comparison });
    path.pop();
  };
  for (const key of Object.keys(old)) visit(key);
  for (const key of Object.keys(now)) if (!Object.hasOwn(old, key)) visit(key);
}

function compareItems({ before, after, path, comparison }: Step, node: Extract<SchemaNode, { type: "list" }>): void {
  const old = byElement(before, node);
  const now = byElement(after, node);
  const visit = (element: PathElement) => {
    path.push(element);
    compareNodes({ before: old.get(element), after: now.get(element), node: node.items, path, comparison });
    path.pop();
  };
  for (const element of old.keys()) visit(element);
  for (const element of now.keys()) if (!old.has(element)) visit(element);
}

/** Items that stand twice, which only old objects have, are compared together. */
function byElement(value: unknown, node: Extract<SchemaNode, { type: "list" }>): Map<PathElement, unknown> {
  const items = new Map<PathElement, unknown>();
  for (const item of Array.isArray(value) ? value : []) {
    const element = itemElement(node, item);
    items.set(element, items.has(element) ? [items.get(element), item] : item);
  }
  return items;
}
