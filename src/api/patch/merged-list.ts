// Lists of a strategic merge patch: whether and how they are merged, and in which order their items stand afterwards.

import { getOwn } from "../../base/own.ts";
import { isRecord } from "../../base/record.ts";
import { jsonText } from "../apply/go-json.ts";
import { StatusError } from "../status-error.ts";
import { patchFailed, type Values } from "./patch-error.ts";

const directive = "$patch";

export interface ListField {
  readonly name: string;
  /** Merged with what is there; else the patch replaces it. */
  readonly isMerged: boolean;
  /** The field that tells items apart where they are objects. */
  readonly mergeKey: string | undefined;
  mergeItem(target: Values, patch: Values): Values;
}

type List = readonly unknown[];

/** Both lists as one: the order of the patch counts more than that of the target. */
export function mergeLists(target: List, patch: List, field: ListField): List {
  if (!field.isMerged) return patch;
  if (target.length === 0 && patch.length === 0) return target;
  if (typeOfItems(target, patch) !== "object")
    return inOrder([...new Set([...target, ...patch])], { order: patch, live: target, mergeKey: undefined });
  const { mergeKey } = field;
  if (mergeKey === undefined) throw StatusError.badRequest(`cannot merge lists without merge key for ${field.name}`);
  const { kept, changes, isReplaced } = followDirectives(target, patch, mergeKey);
  if (isReplaced) return changes;
  return inOrder(mergeItems(kept, changes, { ...field, mergeKey }), { order: changes, live: kept, mergeKey });
}

/** The list without the values. */
export function deleteItems(list: List, values: List): List {
  if (list.length === 0 && values.length === 0) return list;
  if (typeOfItems(list, values) === "object") throw StatusError.badRequest("invalid patch format of primitive list");
  const deleted = new Set(values);
  return list.filter((item) => !deleted.has(item));
}

interface Lists {
  readonly target: unknown;
  readonly patch: unknown;
  readonly order: unknown;
}

/** What `$setElementOrder` makes of a list and its patch; undefined where neither is there. */
export function orderedList({ target, patch, order }: Lists, field: ListField): List | undefined {
  if (!Array.isArray(order)) throw StatusError.badRequest("invalid patch format of setElementOrder list");
  if ([target, patch].some((list) => list !== undefined && !Array.isArray(list)))
    throw StatusError.badRequest(`$setElementOrder is for lists, which ${field.name} is not`);
  const live = Array.isArray(target) ? target : [];
  const changes = Array.isArray(patch) ? patch : [];
  requireSameOrder(changes, order, field.mergeKey);
  if (target === undefined && patch === undefined) return undefined;
  const { mergeKey } = field;
  if (mergeKey !== undefined && !order.every((item) => isRecord(item) && Object.hasOwn(item, mergeKey)))
    throw StatusError.badRequest(`$setElementOrder of ${field.name} must be a list of maps with the key ${mergeKey}`);
  // Nothing tells of which type the items would be.
  if (target === undefined && changes.length === 0)
    throw StatusError.badRequest("no elements in any of the given slices");
  const merged = mergedFor({ target, patch }, { live, changes }, field);
  return inOrder(merged, { order, live, mergeKey: field.mergeKey });
}

function mergedFor(
  { target, patch }: Omit<Lists, "order">,
  { live, changes }: { readonly live: List; readonly changes: List },
  field: ListField,
): List {
  if (patch === undefined) return live;
  if (target !== undefined) return mergeLists(live, changes, field);
  return changes.map(withoutDirectives).filter((item) => item !== undefined);
}

/** Items that the patch brings must stand in the order, one behind the other. */
function requireSameOrder(patch: List, order: List, mergeKey: string | undefined): void {
  const isDeleted = (item: unknown) => hasDirective(item) && item[directive] === "delete";
  const brought = patch.filter((item) => !isDeleted(item));
  if (order.length === 0) return;
  let next = 0;
  for (const item of order) {
    while (hasDirective(brought[next])) next++;
    if (next < brought.length && identity(item, mergeKey) === identity(brought[next], mergeKey)) next++;
  }
  // Another directive may stand between the items, not behind all that the order has.
  if (next < brought.length)
    throw StatusError.badRequest(
      `The order in patch list:\n${jsonText(patch)}\n doesn't match $setElementOrder list:\n${jsonText(order)}\n`,
    );
}

/** All items must be of one type, and no lists. */
function typeOfItems(...lists: readonly List[]): string {
  const types = new Set<string>();
  for (const list of lists)
    for (const item of list) {
      if (Array.isArray(item)) throw patchFailed();
      types.add(isRecord(item) ? "object" : item === null ? "null" : typeof item);
    }
  const [type = "string", other] = types;
  if (other !== undefined || type === "null") throw StatusError.badRequest("list element types are not identical");
  return type;
}

interface Directed {
  readonly kept: List;
  readonly changes: List;
  readonly isReplaced: boolean;
}

/** Items of the patch may say `$patch: delete` of the item with their key, or `$patch: replace` of the whole list. */
function followDirectives(target: List, patch: List, mergeKey: string): Directed {
  const deleted = new Set<string>();
  let isReplaced = false;
  for (const item of patch) {
    if (!hasDirective(item)) continue;
    const what = item[directive];
    if (what === "replace") isReplaced = true;
    else if (what === "delete") deleted.add(identity(item, mergeKey));
    else throw StatusError.badRequest(`unknown patch type: ${jsonText(what)}`);
  }
  const changes = patch.filter((item) => !hasDirective(item));
  return { kept: target.filter((item) => !deleted.has(looseIdentity(item, mergeKey))), changes, isReplaced };
}

function mergeItems(target: List, patch: List, field: ListField & { readonly mergeKey: string }): List {
  const merged = [...target];
  const places = new Map<string, number>();
  for (const [place, item] of merged.entries()) {
    const id = looseIdentity(item, field.mergeKey);
    if (!places.has(id)) places.set(id, place);
  }
  for (const item of patch) {
    const id = identity(item, field.mergeKey);
    const place = places.get(id);
    const old = place === undefined ? undefined : merged[place];
    if (place !== undefined && isRecord(old) && isRecord(item)) merged[place] = field.mergeItem(old, item);
    else places.set(id, merged.push(item) - 1);
  }
  return merged;
}

interface Order {
  /** Of the items that the patch speaks of. */
  readonly order: List;
  /** Of the others, and between both as far as it tells. */
  readonly live: List;
  readonly mergeKey: string | undefined;
}

/** The items in the order of the patch; those that it does not name come as early as the live list has them. */
function inOrder(items: List, { order, live, mergeKey }: Order): List {
  const orderPlaces = placesOf(order, mergeKey);
  const livePlaces = placesOf(live, mergeKey);
  const ids = items.map((item) => ({ item, id: looseIdentity(item, mergeKey) }));
  const placeIn = (places: ReadonlyMap<string, number>, id: string) => places.get(id) ?? Number.POSITIVE_INFINITY;
  const byPlace = (places: ReadonlyMap<string, number>) => (a: { id: string }, b: { id: string }) =>
    Math.sign(placeIn(places, a.id) - placeIn(places, b.id)) || 0;
  const named = ids.filter(({ id }) => orderPlaces.has(id)).sort(byPlace(orderPlaces));
  const others = ids.filter(({ id }) => !orderPlaces.has(id)).sort(byPlace(livePlaces));
  const result: unknown[] = [];
  let next = 0;
  for (const { item, id } of named) {
    const place = livePlaces.get(id);
    for (let other = others[next]; other !== undefined; other = others[++next]) {
      const otherPlace = livePlaces.get(other.id);
      if (place === undefined || otherPlace === undefined || otherPlace > place) break;
      result.push(other.item);
    }
    result.push(item);
  }
  for (const { item } of others.slice(next)) result.push(item);
  return result;
}

function placesOf(list: List, mergeKey: string | undefined): Map<string, number> {
  const places = new Map<string, number>();
  for (const [place, item] of list.entries()) {
    const id = looseIdentity(item, mergeKey);
    if (!places.has(id)) places.set(id, place);
  }
  return places;
}

function hasDirective(item: unknown): item is Values {
  return isRecord(item) && Object.hasOwn(item, directive);
}

/** What tells an item from the others. Throws where the merge key is missing. */
function identity(item: unknown, mergeKey: string | undefined): string {
  if (mergeKey !== undefined && (!isRecord(item) || !Object.hasOwn(item, mergeKey)))
    throw StatusError.badRequest(`map: ${jsonText(item)} does not contain declared merge key: ${mergeKey}`);
  return looseIdentity(item, mergeKey);
}

function looseIdentity(item: unknown, mergeKey: string | undefined): string {
  return jsonText(mergeKey !== undefined && isRecord(item) ? getOwn(item, mergeKey) : item);
}

/** What a patch puts where nothing was: no nulls, and nothing of what only speaks of something that would be there. Undefined for such itself. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isRecord(value)) return value;
  if (hasDirective(value)) return undefined;
  const entries = Object.entries(value)
    .map(([key, member]): [string, unknown] => [key, member === null ? undefined : withoutDirectives(member)])
    .filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries);
}
