// Field sets outlive schemas: a list or map that its kind's author has made atomic since is owned as a whole.

import type { SchemaNode } from "../schema/schema-node.ts";
import { FieldSet } from "./field-set.ts";
import type { PathElement } from "./path-element.ts";
import { nodeBelow } from "./typed-fields.ts";

/** The set with each atomic list or map that it has parts of, in place of the parts. The set itself where there is none. */
export function withoutAtomicParts(fields: FieldSet, node: SchemaNode): FieldSet {
  if (fields.isEmpty) return fields;
  if (isAtomic(node)) return FieldSet.leaf;
  let children: Map<PathElement, FieldSet> | undefined;
  for (const [element, child] of fields.children) {
    const below = child.isEmpty ? undefined : nodeBelow(node, element);
    const result = below === undefined ? child : withoutAtomicParts(child, below);
    if (result === child) continue;
    children ??= new Map(fields.children);
    children.set(element, result);
  }
  return children === undefined ? fields : new FieldSet(fields.isMember, children);
}

function isAtomic(node: SchemaNode): boolean {
  if (node.type === "list") return node.listType === "atomic";
  return (node.type === "object" || node.type === "map") && node.isAtomic;
}
