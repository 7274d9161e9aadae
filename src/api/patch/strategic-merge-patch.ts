// Strategic merge patch: a merge patch that knows which lists are merged, and by what.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md

import { getOwn, setOwn } from "../../base/own.ts";
import { deepEqual } from "../apply/shape.ts";
import type { SchemaNode } from "../schema/schema-node.ts";
import { StatusError } from "../status-error.ts";

const directive = "$patch";
const deleteFromList = "$deleteFromPrimitiveList/";
const setOrder = "$setElementOrder/";
const retainKeys = "$retainKeys";

type Values = Readonly<Record<string, unknown>>;

/** The target with the patch laid over it. Throws 400 for a patch that is no object or holds directives that nobody knows. */
export function applyStrategicMergePatch(target: unknown, patch: unknown, root: SchemaNode): unknown {
  if (!isRecord(patch))
    throw StatusError.badRequest(
      `error decoding patch: json: cannot unmarshal ${Array.isArray(patch) ? "array" : typeof patch} into an object`,
    );
  return mergeMap(isRecord(target) ? target : {}, patch, root);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(message: string): StatusError {
  return StatusError.badRequest(message);
}

function childOf(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  if (node?.type === "object") return node.fields.get(key)?.node;
  return node?.type === "map" ? node.values : undefined;
}

/** How the patch of a field works: merge, replace, or with retainKeys. */
function strategyOf(node: SchemaNode | undefined): readonly string[] {
  const declared = node?.schema["x-kubernetes-patch-strategy"];
  return typeof declared === "string" ? declared.split(",") : [];
}

function mergeMap(target: Values, patch: Values, node: SchemaNode | undefined): Record<string, unknown> {
  const what = getOwn(patch, directive);
  if (what === "replace") return withoutDirectives(patch);
  if (what === "delete") return {};
  if (what !== undefined && what !== "merge") throw refuse(`Unknown patch type found: ${String(what)}`);
  const merged: Record<string, unknown> = retained(target, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === directive || key === retainKeys || key.startsWith(setOrder)) continue;
    if (key.startsWith(deleteFromList)) deletePrimitives(merged, key.slice(deleteFromList.length), value);
    else if (key.startsWith("$")) throw refuse(`Unknown patch directive found: ${key}`);
    else if (value === null) delete merged[key];
    else
      setOwn(
        merged,
        key,
        mergeValue(getOwn(merged, key), value, { node: childOf(node, key), order: getOwn(patch, `${setOrder}${key}`) }),
      );
  }
  for (const [key, order] of Object.entries(patch))
    if (key.startsWith(setOrder) && !Object.hasOwn(patch, key.slice(setOrder.length)))
      reorder(merged, key.slice(setOrder.length), { node: childOf(node, key.slice(setOrder.length)), order });
  return merged;
}

function withoutDirectives(patch: Values): Record<string, unknown> {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith("$")));
}

/** `$retainKeys` names all fields that may stay. */
function retained(target: Values, patch: Values): Record<string, unknown> {
  const keys = getOwn(patch, retainKeys);
  if (keys === undefined) return { ...target };
  if (!Array.isArray(keys)) throw refuse("invalid patch format of retainKeys: it must be a list of texts");
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.includes(key)));
}

interface Field {
  readonly node: SchemaNode | undefined;
  /** What `$setElementOrder` says of the list. */
  readonly order: unknown;
}

function mergeValue(target: unknown, patch: unknown, { node, order }: Field): unknown {
  if (isRecord(patch))
    return strategyOf(node).includes("replace")
      ? withoutDirectives(patch)
      : mergeMap(isRecord(target) ? target : {}, patch, node);
  if (!Array.isArray(patch)) return patch;
  if (!strategyOf(node).includes("merge") || node?.type !== "list") return patch.filter((item) => !isDirective(item));
  const key = node.schema["x-kubernetes-patch-merge-key"];
  const items = Array.isArray(target) ? target : [];
  const merged =
    typeof key === "string"
      ? mergeItems(items, patch, { key, node: node.items })
      : [...items, ...patch.filter((item) => !items.some((own) => deepEqual(own, item)))];
  return order === undefined
    ? patchFirst(merged, patch, items, typeof key === "string" ? key : undefined)
    : inOrder(merged, order, typeof key === "string" ? key : undefined);
}

function isDirective(item: unknown): boolean {
  return isRecord(item) && Object.hasOwn(item, directive);
}

function mergeItems(
  items: readonly unknown[],
  patch: readonly unknown[],
  { key, node }: { readonly key: string; readonly node: SchemaNode },
): unknown[] {
  let merged: unknown[] = patch.some(
    (item) => isRecord(item) && item[directive] === "replace" && Object.keys(item).length === 1,
  )
    ? []
    : [...items];
  for (const item of patch) {
    if (!isRecord(item)) throw refuse("invalid patch: items of a merged list must be objects");
    const what = getOwn(item, directive);
    if (what === "replace" && Object.keys(item).length === 1) continue;
    const id = getOwn(item, key);
    if (id === undefined) throw refuse(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const place = merged.findIndex((own) => isRecord(own) && deepEqual(own[key], id));
    if (what === "delete") merged = merged.filter((own) => !(isRecord(own) && deepEqual(own[key], id)));
    else if (place < 0) merged.push(withoutDirectives(item));
    else merged[place] = mergeMap(asRecord(merged[place]), item, node);
  }
  return merged;
}

function asRecord(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function identity(item: unknown, key: string | undefined): string {
  return JSON.stringify(key !== undefined && isRecord(item) ? item[key] : item);
}

/** Items that the patch brings stand in front of those that were there, as in the reference. */
function patchFirst(
  merged: readonly unknown[],
  patch: readonly unknown[],
  before: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const old = new Set(before.map((item) => identity(item, key)));
  const isNew = (item: unknown) =>
    !old.has(identity(item, key)) && patch.some((own) => identity(own, key) === identity(item, key));
  return [...merged.filter(isNew), ...merged.filter((item) => !isNew(item))];
}

/** The items in the order that the patch names; those that it does not name stay where they are among them. */
function inOrder(merged: readonly unknown[], order: unknown, key: string | undefined): unknown[] {
  if (!Array.isArray(order)) throw refuse("invalid patch format of setElementOrder list");
  const places = new Map(order.map((item, at) => [identity(item, key), at]));
  const named = merged
    .filter((item) => places.has(identity(item, key)))
    .sort((a, b) => (places.get(identity(a, key)) ?? 0) - (places.get(identity(b, key)) ?? 0));
  const others = merged.filter((item) => !places.has(identity(item, key)));
  const result: unknown[] = [];
  const original = merged.map((item) => identity(item, key));
  for (const item of named) {
    while (others.length > 0 && original.indexOf(identity(others[0], key)) < original.indexOf(identity(item, key)))
      result.push(others.shift());
    result.push(item);
  }
  return [...result, ...others];
}

function reorder(merged: Record<string, unknown>, key: string, { node, order }: Field): void {
  const list = getOwn(merged, key);
  const mergeKey = node?.schema["x-kubernetes-patch-merge-key"];
  if (Array.isArray(list))
    setOwn(merged, key, inOrder(list, order, typeof mergeKey === "string" ? mergeKey : undefined));
}

function deletePrimitives(merged: Record<string, unknown>, key: string, values: unknown): void {
  if (!Array.isArray(values)) throw refuse("invalid patch format of deleteFromPrimitiveList");
  const list = getOwn(merged, key);
  if (Array.isArray(list))
    setOwn(
      merged,
      key,
      list.filter((item) => !values.some((value) => deepEqual(value, item))),
    );
}
