// Strategic merge patch: a merge patch that knows which lists are merged, and by what.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md

import { getOwn, setOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import { jsonText } from "../apply/go-json.ts";
import type { SchemaNode } from "../schema/schema-node.ts";
import { StatusError } from "../status-error.ts";
import { deleteItems, type ListField, mergeLists, orderedList, withoutDirectives } from "./merged-list.ts";
import { requireRecord, type Values } from "./patch-error.ts";

const directive = "$patch";
const retainKeys = "$retainKeys";
const deleteFromList = "$deleteFromPrimitiveList";
const setOrder = "$setElementOrder";

/** The target with the patch laid over it; null changes nothing. Throws 400 or 422 for a patch that is no object or holds what nobody knows. */
export function applyStrategicMergePatch(target: unknown, patch: unknown, root: SchemaNode): unknown {
  if (patch === null) return target;
  return mergeMap(isRecord(target) ? target : {}, requireRecord(patch), root);
}

function mergeMap(target: Values, patch: Values, node: SchemaNode | undefined): Record<string, unknown> {
  if (Object.hasOwn(patch, directive)) return followDirective(patch);
  const merged = retained(target, patch);
  const done = new Set([retainKeys]);
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(setOrder)) continue;
    const name = nameBehind(key, setOrder);
    if (node?.type === "object" && !node.fields.has(name))
      throw StatusError.badRequest(`unable to find the field ${JSON.stringify(name)} that is to be put in order`);
    putInOrder(merged, name, { order, patch: getOwn(patch, name), field: listField(node, name) });
    done.add(key).add(name);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (done.has(key)) continue;
    if (key.startsWith(deleteFromList)) deleteFrom(merged, nameBehind(key, deleteFromList), value);
    else if (value === null) delete merged[key];
    else put(merged, key, mergeValue(getOwn(merged, key), value, { key, node }));
  }
  return merged;
}

/** `replace` takes the patch for the whole, `delete` leaves nothing. */
function followDirective({ [directive]: what, ...rest }: Values): Record<string, unknown> {
  if (what === "replace") return rest;
  if (what === "delete") return {};
  throw StatusError.badRequest(`unknown patch type: ${jsonText(what)}`);
}

/** `$retainKeys` names all fields that may stay, those of the patch among them. */
function retained(target: Values, patch: Values): Record<string, unknown> {
  const keys = getOwn(patch, retainKeys);
  if (keys === undefined) return { ...target };
  const kept = new Set(Array.isArray(keys) ? keys : []);
  const isKept = ([key, value]: [string, unknown]) =>
    key === retainKeys || value === null || key.startsWith(deleteFromList) || key.startsWith(setOrder) || kept.has(key);
  if (!Array.isArray(keys) || !Object.entries(patch).every(isKept))
    throw StatusError.badRequest("invalid patch format of retainKeys");
  return Object.fromEntries(Object.entries(target).filter(([key]) => kept.has(key)));
}

/** The field behind `$setElementOrder/` or `$deleteFromPrimitiveList/`. */
function nameBehind(key: string, prefix: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  const list = prefix === setOrder ? "setElementOrder list" : "primitive list";
  throw StatusError.badRequest(`invalid patch format of ${list}`);
}

function put(merged: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) delete merged[key];
  else setOwn(merged, key, value);
}

interface Field {
  readonly key: string;
  /** Of the map that the field is in. */
  readonly node: SchemaNode | undefined;
}

/** Undefined where a directive says that nothing is left. */
function mergeValue(target: unknown, patch: unknown, { key, node }: Field): unknown {
  if (isRecord(target) && isRecord(patch)) {
    const child = childOf(node, key);
    return strategyOf(child).includes("replace") ? patch : mergeMap(target, patch, child);
  }
  if (Array.isArray(target) && Array.isArray(patch)) return mergeLists(target, patch, listField(node, key));
  return withoutDirectives(patch);
}

function childOf(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  if (node?.type === "object") return node.fields.get(key)?.node;
  return node?.type === "map" ? node.values : undefined;
}

/** How the patch of a field works: `merge` or `replace`, perhaps with `retainKeys`, which the client has heeded already. */
function strategyOf(node: SchemaNode | undefined): readonly string[] {
  const declared = node?.schema["x-kubernetes-patch-strategy"];
  return typeof declared === "string" ? declared.split(",") : [];
}

function listField(node: SchemaNode | undefined, name: string): ListField {
  const list = childOf(node, name);
  const key = list?.schema["x-kubernetes-patch-merge-key"];
  const items = list?.type === "list" ? list.items : undefined;
  return {
    name,
    isMerged: strategyOf(list).includes("merge"),
    mergeKey: typeof key === "string" ? key : undefined,
    mergeItem: (target, patch) => mergeMap(target, patch, items),
  };
}

/** Takes values out of a list, or, by null, the list itself; what is no list, or not there, is let be. */
function deleteFrom(merged: Record<string, unknown>, name: string, values: unknown): void {
  if (values === null) delete merged[name];
  const list = getOwn(merged, name);
  if (Array.isArray(list) && Array.isArray(values)) setOwn(merged, name, deleteItems(list, values));
}

interface Ordering {
  readonly order: unknown;
  readonly patch: unknown;
  readonly field: ListField;
}

function putInOrder(merged: Record<string, unknown>, name: string, { order, patch, field }: Ordering): void {
  const target = getOwn(merged, name);
  const list = orderedList({ target, patch, order }, field);
  if (list !== undefined) setOwn(merged, name, list);
}
