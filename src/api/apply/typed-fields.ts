// Which fields an object names, by its kind's schema.

import { isRecord } from "../../base/record.ts";
import type { ListNode, SchemaNode } from "../schema/schema-node.ts";
import { FieldSet, FieldSetBuilder } from "./field-set.ts";
import { type KnownPath, rootPath } from "./known-path.ts";
import type { PathElement } from "./path-element.ts";
import { childNode, declaredField, itemsByElement, Repeated, shapeOf } from "./shape.ts";

/** The fields that a value names. */
export function fieldSetOf(value: unknown, root: SchemaNode): FieldSet {
  const set = new FieldSetBuilder();
  collect({ value, node: root, path: rootPath(), set });
  return set.build();
}

interface Step {
  readonly value: unknown;
  readonly node: SchemaNode;
  readonly path: KnownPath;
  readonly set: FieldSetBuilder;
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
  for (const [key, member] of Object.entries(isRecord(value) ? value : {})) {
    const child = childNode(node, key);
    if (child === undefined) continue;
    const below = path.field(key);
    collect({ value: member, node: child, path: below, set });
    const isBare = member === null || (isRecord(member) && Object.keys(member).length === 0);
    if (isBare || declaredField(node, key) === undefined) set.insert(below);
  }
}

/** Of items that stand twice, which only old objects have, nobody can tell whose fields they have. */
function collectItems({ value, path, set }: Step, node: ListNode): void {
  for (const [element, item] of itemsByElement(value, node)) {
    const below = path.at(element);
    if (!(item instanceof Repeated)) collect({ value: item, node: node.items, path: below, set });
    set.insert(below);
  }
}

/** The set, with each struct's field that something below is in: those exist where their parts do. The set itself where it has them. */
export function withStructFields(set: FieldSet, node: SchemaNode): FieldSet {
  let children: Map<PathElement, FieldSet> | undefined;
  for (const [element, child] of set.children) {
    const below = child.isEmpty ? undefined : nodeBelow(node, element);
    if (below === undefined) continue;
    const inner = withStructFields(child, below);
    const isNamed = element.startsWith("f:") && declaredField(node, element.slice(2)) !== undefined;
    const complete = isNamed && !inner.isMember ? new FieldSet(true, inner.children) : inner;
    if (complete === child) continue;
    children ??= new Map(set.children);
    children.set(element, complete);
  }
  return children === undefined ? set : new FieldSet(set.isMember, children);
}

export function nodeBelow(node: SchemaNode, element: PathElement): SchemaNode | undefined {
  if (element.startsWith("f:")) return childNode(node, element.slice(2));
  return node.type === "list" ? node.items : undefined;
}
