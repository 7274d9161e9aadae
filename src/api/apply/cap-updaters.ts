// Updaters come and go and leave their entries behind: the oldest are merged, so that managedFields does not grow without end.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy

import { type Owner, ownerKey } from "./managers.ts";
import { compareTexts } from "./path-element.ts";

/** As in the reference. Appliers are not counted: each of them still says what it wants. */
const updatersMax = 10;
const ancientManager = "ancient-changes";

/** Merges the oldest updaters of each version into one until there are not too many. Changes the map in place. */
export function capUpdaters(owners: Map<string, Owner>): void {
  const updaters = [...owners.values()].filter(({ operation }) => operation === "Update");
  if (updaters.length <= updatersMax) return;
  updaters.sort((a, b) => compareTexts(a.time ?? "", b.time ?? "") || compareTexts(ownerKey(a), ownerKey(b)));
  const ancients = new Map<string, Owner>();
  let excess = updaters.length - updatersMax;
  for (const updater of updaters) {
    if (excess === 0) return;
    const ancient = ancients.get(updater.apiVersion);
    const merged = ancient === undefined ? updater : merge(owners, ancient, updater);
    ancients.set(updater.apiVersion, merged);
    if (ancient !== undefined) excess--;
  }
}

/** Both become one, as new as the newer. */
function merge(owners: Map<string, Owner>, older: Owner, newer: Owner): Owner {
  const { apiVersion, time } = newer;
  const ancient: Owner = {
    manager: ancientManager,
    operation: "Update",
    apiVersion,
    subresource: "",
    time,
    fields: newer.fields.union(older.fields),
  };
  owners.delete(ownerKey(older));
  owners.delete(ownerKey(newer));
  // There may be one of earlier writes, which is in neither.
  const key = ownerKey(ancient);
  const earlier = owners.get(key);
  const all = earlier === undefined ? ancient : { ...ancient, fields: ancient.fields.union(earlier.fields) };
  owners.set(key, all);
  return all;
}
