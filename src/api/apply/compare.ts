// What changed between two objects of one version, field by field.

import { getOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import type { ListNode, SchemaNode } from "../schema/schema-node.ts";
import { type FieldSet, FieldSetBuilder } from "./field-set.ts";
import { type KnownPath, rootPath } from "./known-path.ts";
import type { PathElement } from "./path-element.ts";
import { childNode, deepEqual, itemsByElement, Repeated, shapeOf } from "./shape.ts";

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares; undefined stands for an object that is not there. */
export function compareObjects(before: unknown, after: unknown, root: SchemaNode): Comparison {
  const growing = { added: new FieldSetBuilder(), modified: new FieldSetBuilder(), removed: new FieldSetBuilder() };
  compareNodes({ before, after, node: root, path: rootPath(), comparison: growing });
  return { added: growing.added.build(), modified: growing.modified.build(), removed: growing.removed.build() };
}

interface Step {
  readonly before: unknown;
  readonly after: unknown;
  readonly node: SchemaNode;
  readonly path: KnownPath;
  readonly comparison: Readonly<Record<keyof Comparison, FieldSetBuilder>>;
}

function compareNodes(step: Step): void {
  const { before, after, node } = step;
  if (before === after) return;
  const shape = shapeOf(node, after ?? before);
  if (node.type === "free" && shapesDiffer(step)) compareShapes(step);
  else if (shape.is === "leaf" || (isNothing(before) && isNothing(after))) compareLeaf(step);
  else {
    if (shape.is === "fields") compareFields(step);
    else compareItems(step, shape.node);
    noteExistence(step);
  }
}

/** Free values may be a map before and a text after. */
function shapesDiffer({ before, after }: Step): boolean {
  if (before === undefined || after === undefined || before === null || after === null) return false;
  return isRecord(before) !== isRecord(after);
}

/** The value is another, and the fields of the map, wherever it stands, came or went. */
function compareShapes(step: Step): void {
  step.comparison.modified.insert(step.path);
  compareFields(step);
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

function compareFields(step: Step): void {
  const old = isRecord(step.before) ? step.before : {};
  const now = isRecord(step.after) ? step.after : {};
  for (const key in old) compareField(step, { key, before: old[key], after: getOwn(now, key) });
  for (const key in now) if (!Object.hasOwn(old, key)) compareField(step, { key, before: undefined, after: now[key] });
}

interface Field {
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

function compareField({ node, path, comparison }: Step, { key, before, after }: Field): void {
  if (before === after) return; // Most fields of most writes.
  const child = childNode(node, key);
  if (child === undefined) return;
  compareNodes({ before, after, node: child, path: path.field(key), comparison });
}

function compareItems({ before, after, path, comparison }: Step, node: ListNode): void {
  const old = itemsByElement(before, node);
  const now = itemsByElement(after, node);
  const visit = (element: PathElement, one: unknown, other: unknown) => {
    if (one === other) return;
    compareItem({ before: one, after: other, node: node.items, path: path.at(element), comparison });
  };
  for (const [element, item] of old) visit(element, item, now.get(element));
  for (const [element, item] of now) if (!old.has(element)) visit(element, undefined, item);
}

/** Items that stand twice are one leaf, which comes and goes as they become two and one again. */
function compareItem(step: Step): void {
  const { before, after, path, comparison } = step;
  const isRepeated = { before: before instanceof Repeated, after: after instanceof Repeated };
  if (before instanceof Repeated && after instanceof Repeated) {
    if (!deepEqual(before.items, after.items)) comparison.modified.insert(path);
    return;
  }
  compareNodes({
    ...step,
    before: isRepeated.before ? undefined : before,
    after: isRepeated.after ? undefined : after,
  });
  if (isRepeated.before) comparison.removed.insert(path);
  if (isRepeated.after) comparison.added.insert(path);
}
