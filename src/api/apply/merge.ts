// What becomes of a live object when a configuration is laid over it: fields side by side, items told apart, leaves replaced.

import { getOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import type { ListNode, SchemaNode } from "../schema/schema-node.ts";
import { childNode, itemElement, itemsByElement, Repeated, shapeOf } from "./shape.ts";

/** Merges; undefined on either side is absent. */
export function mergeValues(live: unknown, applied: unknown, node: SchemaNode): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const shape = shapeOf(node, applied ?? live);
  if (shape.is === "leaf") return applied;
  // A null says that the map or list has nothing of the applier's; what others have put there stays.
  if (applied === null) return isNothing(live) ? applied : live;
  if (shape.is === "items") return mergeItems(asList(live), asList(applied), shape.node);
  return isRecord(live) && isRecord(applied) ? mergeFields(live, applied, node) : applied;
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

/**
 * Items of both come in the applied order, each with the applied items that stand before it; those of the live list alone stay
 * where they stood among the others.
 */
function mergeItems(live: readonly unknown[], applied: readonly unknown[], node: ListNode): unknown[] {
  const liveByElement = itemsByElement(live, node);
  const appliedElements = applied.map((item) => itemElement(node, item));
  const isApplied = new Set(appliedElements);
  const merged: unknown[] = [];
  let next = 0;
  const takeUpTo = (end: number) => {
    for (; next < end; next++) {
      const own = liveByElement.get(appliedElements[next] ?? "");
      // Of items that stand twice nobody knows which one to merge with.
      merged.push(mergeValues(own instanceof Repeated ? undefined : own, applied[next], node.items));
    }
  };
  const nextShared = () => {
    let at = next;
    while (at < applied.length && !liveByElement.has(appliedElements[at] ?? "")) at++;
    return at;
  };
  let shared = nextShared();
  for (const item of live) {
    const element = itemElement(node, item);
    if (!isApplied.has(element)) merged.push(item);
    else if (element === appliedElements[shared]) {
      takeUpTo(shared + 1);
      shared = nextShared();
    }
  }
  takeUpTo(applied.length);
  return merged;
}
