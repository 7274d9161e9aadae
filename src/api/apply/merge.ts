// What becomes of a live object when a configuration is laid over it: fields side by side, items told apart, leaves replaced.

import { getOwn } from "../../base/own.ts";
import type { ListNode, SchemaNode } from "../schema/schema-node.ts";
import type { PathElement } from "./field-set.ts";
import { childNode, isMap, itemElement, shapeOf } from "./shape.ts";

/** Merges; undefined on either side is absent. */
export function mergeValues(live: unknown, applied: unknown, node: SchemaNode): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const shape = shapeOf(node, applied ?? live);
  if (shape.is === "leaf") return applied;
  // A null says that the map or list has nothing of the applier's; what others have put there stays.
  if (applied === null) return isNothing(live) ? applied : live;
  if (shape.is === "items") return mergeItems(asList(live), asList(applied), shape.node);
  return isMap(live) && isMap(applied) ? mergeFields(live, applied, node) : applied;
}

function isNothing(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function mergeFields(
  live: Readonly<Record<string, unknown>>,
  applied: Readonly<Record<string, unknown>>,
  node: SchemaNode,
): Record<string, unknown> {
  const merged = Object.entries(live).map(([key, value]): [string, unknown] => {
    const child = childNode(node, key);
    return [key, child === undefined ? value : mergeValues(value, getOwn(applied, key), child)];
  });
  for (const [key, value] of Object.entries(applied)) if (!Object.hasOwn(live, key)) merged.push([key, value]);
  return Object.fromEntries(merged);
}

/** Items of both keep the applied order; those of the live list alone stay where they stood among them. */
function mergeItems(live: readonly unknown[], applied: readonly unknown[], node: ListNode): unknown[] {
  const liveByElement = new Map<PathElement, unknown>(live.map((item) => [itemElement(node, item), item]));
  const appliedElements = new Set(applied.map((item) => itemElement(node, item)));
  const merged: unknown[] = [];
  let next = 0;
  const takeApplied = () => {
    const item = applied[next++];
    merged.push(mergeValues(liveByElement.get(itemElement(node, item)), item, node.items));
  };
  for (const item of live) {
    const element = itemElement(node, item);
    if (!appliedElements.has(element)) {
      merged.push(item);
      continue;
    }
    // Everything up to this shared item comes now, unless it came already.
    const place = applied.findIndex((candidate, at) => at >= next && itemElement(node, candidate) === element);
    while (next <= place) takeApplied();
  }
  while (next < applied.length) takeApplied();
  return merged;
}
