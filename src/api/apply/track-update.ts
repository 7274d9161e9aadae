// Ownership after an ordinary write: who changed a field owns it.

import { formatApiVersion, parseApiVersion } from "../group-version.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject, ManagedFieldsEntry } from "../object-meta.ts";
import { StatusError } from "../status-error.ts";
import { capUpdaters } from "./cap-updaters.ts";
import { FieldSet } from "./field-set.ts";
import { emptyObject, withoutManagedFields } from "./in-version.ts";
import {
  decodeOwners,
  encodeOwners,
  isReset,
  type Owner,
  type Owners,
  ownerKey,
  withoutSystemFields,
} from "./managers.ts";
import { Change, ownersAfter, reconcileOwners } from "./ownership.ts";

export interface TrackUpdate {
  readonly kind: Kind;
  /** The version that both objects are in. */
  readonly version: string;
  /** Undefined for a create. */
  readonly live: ApiObject | undefined;
  /** What the client wants; may bring managedFields of its own. */
  readonly updated: ApiObject;
  readonly manager: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** As Kubernetes writes times. */
  readonly now: string;
}

/** The managedFields of the updated object, as this write leaves them; undefined where it has none. Neither object is changed. */
export function trackUpdate(options: TrackUpdate): ManagedFieldsEntry[] | undefined {
  const { kind, version, live, updated, manager, subresource, now } = options;
  const known = startingOwners(live, updated, subresource);
  // An object that nobody owned anything of is not tracked; only creation begins that.
  if (known.size === 0 && live !== undefined) return undefined;
  if ([...known.values()].some((owner) => parseApiVersion(owner.apiVersion) === undefined)) return undefined;
  const owners = reconcileOwners(kind, known);
  // A new object is compared with an empty one: what is always there, such as an empty spec, nobody added.
  const before = live ?? emptyObject(kind, version);
  const change = new Change(kind, version, { before, after: withoutManagedFields(updated) });
  const apiVersion = formatApiVersion({ group: kind.group, version });
  const writer = { manager: manager || "unknown", operation: "Update", apiVersion, subresource, time: now } as const;
  const after = ownersUnlessTwice(owners, change, ownerKey(writer));
  if (after === undefined) return undefined;
  take(after, change, writer);
  capUpdaters(after);
  return encodeOwners(after);
}

/** Undefined where items stand twice that another owner's version must tell apart: nobody is known to own anything then. */
function ownersUnlessTwice(owners: Owners, change: Change, self: string): Map<string, Owner> | undefined {
  try {
    return ownersAfter(owners, change, self);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** Gives the changed fields to the writer, beside those that it owns already; what was removed is nobody's. */
export function take(owners: Map<string, Owner>, change: Change, writer: Omit<Owner, "fields">): void {
  const { added, modified, removed } = change.own;
  const changed = modified.union(added);
  const taken = withoutSystemFields(changed);
  const key = ownerKey(writer);
  const before = owners.get(key);
  // Of what changed, it keeps only what it takes.
  const kept = before?.fields.difference(removed).difference(changed.difference(taken)) ?? FieldSet.empty;
  const fields = kept.union(taken);
  if (fields.isEmpty) owners.delete(key);
  else if (taken.isEmpty && before !== undefined) owners.set(key, { ...before, fields });
  else owners.set(key, { ...writer, fields });
}

/** The owners that the client sent, if it sent any that can be read, else those of the live object. */
function startingOwners(live: ApiObject | undefined, updated: ApiObject, subresource: string): Owners {
  const theirs = subresource === "" ? updated.metadata.managedFields : undefined;
  if (isReset(theirs)) return new Map();
  const read = decodeOwners(theirs ?? []) ?? new Map<string, Owner>();
  return read.size > 0 ? read : (decodeOwners(live?.metadata.managedFields ?? []) ?? new Map());
}
