// Ownership after an ordinary write: who changed a field owns it.

import { formatApiVersion } from "../group-version.ts";
import type { Kind } from "../kind.ts";
import type { ApiObject } from "../object-meta.ts";
import { StatusError } from "../status-error.ts";
import { capUpdaters } from "./cap-updaters.ts";
import { emptyObject } from "./in-version.ts";
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

/** The updated object with managedFields as this write leaves them. `updated` is changed in place and returned. */
export function trackUpdate({ kind, version, live, updated, manager, subresource, now }: TrackUpdate): ApiObject {
  const known = startingOwners(live, updated, subresource);
  const { managedFields: _theirs, ...metadata } = updated.metadata;
  updated.metadata = metadata;
  // An object that nobody owned anything of is not tracked; only creation begins that.
  if (known.size === 0 && live !== undefined) return updated;
  const owners = reconcileOwners(kind, known);
  // A new object is compared with an empty one: what is always there, such as an empty spec, nobody added.
  const change = new Change(kind, version, { before: live ?? emptyObject(kind, version), after: updated });
  const after = ownersUnlessTwice(owners, change);
  if (after === undefined) return updated;
  const apiVersion = formatApiVersion({ group: kind.group, version });
  take(after, change, { manager, operation: "Update", apiVersion, subresource, time: now });
  capUpdaters(after);
  const entries = encodeOwners(after);
  if (entries !== undefined) updated.metadata.managedFields = entries;
  return updated;
}

/** Undefined where items stand twice that another owner's version must tell apart: nobody is known to own anything then. */
function ownersUnlessTwice(owners: Owners, change: Change): Map<string, Owner> | undefined {
  try {
    return ownersAfter(owners, change, undefined);
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** Gives the changed fields to the writer, beside those that it owns already. */
export function take(owners: Map<string, Owner>, change: Change, writer: Omit<Owner, "fields">): void {
  const { added, modified } = change.own;
  const taken = withoutSystemFields(modified.union(added));
  if (taken.isEmpty) return;
  const self = writer.manager === "" ? { ...writer, manager: "unknown" } : writer;
  const key = ownerKey(self);
  const before = owners.get(key);
  owners.set(key, { ...self, fields: before === undefined ? taken : before.fields.union(taken) });
}

/** The owners that the client sent, if it sent any that can be read, else those of the live object. */
function startingOwners(live: ApiObject | undefined, updated: ApiObject, subresource: string): Owners {
  const theirs = subresource === "" ? updated.metadata.managedFields : undefined;
  if (isReset(theirs)) return new Map();
  const read = decodeOwners(theirs ?? []) ?? new Map<string, Owner>();
  return read.size > 0 ? read : (decodeOwners(live?.metadata.managedFields ?? []) ?? new Map());
}
